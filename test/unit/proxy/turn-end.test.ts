import { once } from 'node:events';
import net, { type AddressInfo, type Socket } from 'node:net';
import { setImmediate } from 'node:timers/promises';
import { afterEach, describe, expect, it, vi } from 'vitest';
import { atTurnEnd, endTurn, holdUntilTurnEnd, writeAtTurnEnd } from '../../../proxy/turn-end.ts';

const open: { destroy(): unknown }[] = [];

afterEach(() => {
  for (const one of open.splice(0)) one.destroy();
});

/** A connection: its near end, and what its far end has got. */
async function connected(): Promise<{ socket: Socket; got: () => string }> {
  let text = '';
  const server = net.createServer((far) => {
    open.push(far);
    far.on('data', (chunk) => {
      text += chunk.toString('latin1');
    });
    far.on('error', () => undefined);
  });
  await once(server.listen(0, '127.0.0.1'), 'listening');
  const socket = net.connect((server.address() as AddressInfo).port, '127.0.0.1');
  open.push(socket, { destroy: () => server.close() });
  await once(socket, 'connect');
  return { socket, got: () => text };
}

describe('what a turn writes', () => {
  it('waits for its end, and leaves then', async () => {
    const { socket, got } = await connected();
    holdUntilTurnEnd(socket);
    socket.write('one ');
    socket.write('piece');
    expect(socket.writableLength).toBe(9);
    await setImmediate();
    await setImmediate();
    expect(socket.writableLength).toBe(0);
    await vi.waitFor(() => expect(got()).toBe('one piece'));
  });

  it('leaves before its end when a connection is about to be cut', async () => {
    const [held, written] = [await connected(), await connected()];
    holdUntilTurnEnd(held.socket);
    held.socket.write('held');
    writeAtTurnEnd(written.socket, 'written');
    endTurn();
    held.socket.destroy();
    written.socket.destroy();
    await vi.waitFor(() => expect([held.got(), written.got()]).toEqual(['held', 'written']));
  });

  it('waits for no more than 64 others', () => {
    const done: number[] = [];
    for (let i = 0; i < 70; i++) atTurnEnd(() => done.push(i));
    expect(done).toEqual(Array.from({ length: 64 }, (_, i) => i));
    endTurn();
    expect(done.length).toBe(70);
  });

  it('leaves, whatever another one throws, and the error is told', async () => {
    const others = process.listeners('uncaughtException');
    process.removeAllListeners('uncaughtException');
    const told: unknown[] = [];
    process.on('uncaughtException', (error) => told.push(error));
    try {
      const done: string[] = [];
      const bug = new Error('a bug');
      atTurnEnd(() => done.push('before'));
      atTurnEnd(() => {
        throw bug;
      });
      atTurnEnd(() => done.push('behind'));
      endTurn();
      expect(done).toEqual(['before', 'behind']);
      await vi.waitFor(() => expect(told).toEqual([bug]));
    } finally {
      process.removeAllListeners('uncaughtException');
      for (const other of others) process.on('uncaughtException', other);
    }
  });

  it('that asks for more goes on in the next turn', async () => {
    const done: string[] = [];
    atTurnEnd(() => {
      done.push('first');
      atTurnEnd(() => done.push('second'));
    });
    endTurn();
    expect(done).toEqual(['first']);
    await setImmediate();
    await setImmediate();
    expect(done).toEqual(['first', 'second']);
  });

  it('to a connection that was destroyed is dropped', async () => {
    const { socket } = await connected();
    writeAtTurnEnd(socket, 'late');
    socket.destroy();
    endTurn();
    expect(socket.bytesWritten).toBe(0);
  });
});

/** Asks a process started with `--inspect` to collect its garbage, so that what is left is what is held. */
import WebSocket from 'ws';

export interface Memory {
  /** Bytes of live objects and of buffers outside the heap. */
  readonly live: number;
}

export async function collectGarbage(inspectPort: number): Promise<Memory> {
  const listed = await fetch(`http://127.0.0.1:${inspectPort}/json/list`, {
    headers: { connection: 'close' },
  });
  const [target] = (await listed.json()) as { webSocketDebuggerUrl: string }[];
  const socket = new WebSocket(target?.webSocketDebuggerUrl ?? '');
  await new Promise<void>((resolve, reject) => {
    socket.once('open', resolve).once('error', reject);
  });
  let id = 0;
  const ask = (method: string, params: object = {}): Promise<{ result: { value: number } }> => {
    const mine = ++id;
    return new Promise((resolve) => {
      socket.on('message', (data) => {
        const answer = JSON.parse(data.toString());
        if (answer.id === mine) resolve(answer.result);
      });
      socket.send(JSON.stringify({ id: mine, method, params }));
    });
  };
  try {
    for (let round = 0; round < 3; round += 1) await ask('HeapProfiler.collectGarbage');
    const expression = '(({heapUsed, external}) => heapUsed + external)(process.memoryUsage())';
    const answer = await ask('Runtime.evaluate', { expression, returnByValue: true });
    return { live: answer.result.value };
  } finally {
    socket.terminate();
  }
}

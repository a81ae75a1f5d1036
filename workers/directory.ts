/** Sessions as an operator sees and ends them, asked of a worker: each knows the store that all of them share. */
import {
  type RevocationRequest,
  type RevocationView,
  type SessionDirectory,
  type SessionView,
  StoreUnavailable,
} from '../core/sessions.ts';
import type { Line } from './line.ts';

export class AskedDirectory implements SessionDirectory {
  private readonly anyLine: () => Line | undefined;

  /** `anyLine` leads to a worker that serves, when there is one. */
  constructor(anyLine: () => Line | undefined) {
    this.anyLine = anyLine;
  }

  list(query: Parameters<SessionDirectory['list']>[0]): Promise<readonly SessionView[]> {
    return this.ask('list', query);
  }

  end(id: string, reason: string): Promise<boolean> {
    return this.ask('end', { id, reason });
  }

  revoke(request: RevocationRequest): Promise<RevocationView> {
    return this.ask('revoke', request);
  }

  private async ask<Answer>(what: string, data: unknown): Promise<Answer> {
    const line = this.anyLine();
    if (line === undefined) throw new StoreUnavailable('no worker is ready');
    try {
      return await line.ask<Answer>(what, data);
    } catch (error) {
      throw new StoreUnavailable('no worker could do it', error);
    }
  }
}

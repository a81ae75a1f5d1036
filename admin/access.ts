/** Tells the audit who used the guarded half of the admin port: every change, every refusal, and of reads one a minute a peer. */
import type { Audit } from '../core/audit.ts';
import type { Clock } from '../core/clock.ts';
import { AdminProblem } from './reply.ts';
import type { AdminRequest } from './route.ts';

const READS_EVERY = 60_000;
const MAX_PEERS = 1000;

export class AdminAccess {
  private readonly audit: Audit;
  private readonly clock: Clock;
  /** When a read of each peer was last told, on the monotonic clock. */
  private readonly reads = new Map<string, number>();

  constructor(audit: Audit, clock: Clock) {
    this.audit = audit;
    this.clock = clock;
  }

  admitted(request: AdminRequest): void {
    const changes = request.method !== 'GET' && request.method !== 'HEAD';
    if (!changes && this.toldLately(request.peer)) return;
    this.tell(request, changes ? 'change' : 'read', 'success');
  }

  /** `thrown` is what the door said. Those who are not even listened to any more are not told one by one. */
  refused(request: AdminRequest, thrown: unknown): void {
    if (thrown instanceof AdminProblem && thrown.status !== 429)
      this.tell(request, 'refused', 'failure', thrown.code);
  }

  /** Somebody came to the dashboard's door, or left by it. */
  door(
    request: AdminRequest,
    action: 'login' | 'logout',
    outcome: 'success' | 'failure',
    reason?: string,
  ): void {
    this.tell(request, action, outcome, reason);
  }

  private tell(request: AdminRequest, action: string, outcome: 'success' | 'failure', reason?: string): void {
    const { peer, correlationId, method, path } = request;
    const facts = { client_ip: peer, correlation_id: correlationId, method, path };
    this.audit.record({ type: 'admin_access', action, outcome, reason, ...facts });
  }

  private toldLately(peer: string): boolean {
    const now = this.clock.monotonic();
    const told = this.reads.get(peer);
    if (told !== undefined && now - told < READS_EVERY) return true;
    this.reads.delete(peer);
    if (this.reads.size >= MAX_PEERS) this.reads.clear();
    this.reads.set(peer, now);
    return false;
  }
}

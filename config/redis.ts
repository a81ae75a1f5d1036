/** Where Redis is, when there is one. */
import { secretUrl } from './var.ts';

export const redis = {
  url: secretUrl('REDIS_URL', {
    schemes: ['redis', 'rediss'],
    doc: 'Redis for what replicas share: rate limits and sessions.',
  }),
};

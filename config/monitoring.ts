/** What railguard says of itself to those who measure it. */
import { bool, string } from './var.ts';

export const monitoring = {
  serverTiming: bool('SERVER_TIMING', {
    default: 'false',
    doc: "Says in `Server-Timing` how long the app took and how long railguard did, for a browser's tools.",
  }),
  replica: string('RAILWAY_REPLICA_ID', {
    doc: 'Which replica this is, as Railway sets it: a label of `railguard_build_info`.',
  }),
  volume: string('RAILWAY_VOLUME_MOUNT_PATH', {
    doc: 'Where Railway mounts the volume: its disk is watched besides the working and the temporary directory.',
  }),
};

export type WebServer = {
  /** `http://localhost:PORT` */
  readonly url: string;
  /** The path of a window, from there. */
  readonly window: string;
  /** How often the extension's bundle was asked for as the script of a worker. */
  readonly asked: number;
  readonly ended: Promise<number>;
  stop(): Promise<void>;
};

export function ensureWeb(): Promise<void>;
export function startWeb(options: {
  /** Shown as a virtual workspace. */
  readonly folder: string;
  /** Isolated from other origins, so that threads may share memory. */
  readonly isolated?: boolean;
  /** False: no worker of the extension gets its script. */
  readonly workers?: boolean;
  /** Folders with more extensions. */
  readonly beside?: readonly string[];
}): Promise<WebServer>;

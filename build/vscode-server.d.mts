export const serverVersions: { readonly newest: string; readonly oldest: string };
export const wantedVscode: 'newest' | 'oldest' | null;
export const cache: string;

export type Server = {
  /** `http://localhost:PORT` */
  readonly url: string;
  readonly pid: number;
  readonly logFile: string;
  /** Resolves with the exit code or signal when the server is gone. */
  readonly ended: Promise<number | string>;
  stop(): Promise<void>;
};
export type ServerOptions = {
  /** Settings, installed extensions, log. */
  readonly dataDir: string;
  /** User settings, added to those that keep the window quiet. */
  readonly settings?: Readonly<Record<string, unknown>>;
  /** Keys of the user, in the form of keybindings.json. */
  readonly keybindings?: readonly unknown[];
  /** Added to the environment; the extension host inherits it. */
  readonly env?: Readonly<Record<string, string>>;
  /** 0: any free port. */
  readonly port?: number;
  /** False leaves workspace trust on (Restricted Mode). */
  readonly trusted?: boolean;
  /** Without those of VS Code's own extensions that no test needs. */
  readonly sparse?: boolean;
};
export type WindowOptions = {
  readonly folder?: string | undefined;
  readonly workspace?: string | undefined;
  readonly file?: string | undefined;
  readonly developmentPath?: string | undefined;
  readonly testsPath?: string | undefined;
};

/** User settings that keep a window still. */
export const stillSettings: Readonly<Record<string, unknown>>;

export function installOnce(
  name: string,
  packages: readonly string[],
  whole: string,
  more?: (folder: string, log: string) => Promise<void>,
): Promise<void>;
export function ensureServer(): Promise<void>;
export function installVsix(vsix: string, dataDir: string): Promise<void>;
export function startServer(options: ServerOptions): Promise<Server>;
export function workbenchUrl(serverUrl: string, window: WindowOptions): string;

import { pathToFileURL } from 'node:url';
import type { PageChange } from '../options.ts';
import { remoteFrom, type Remote, type UrpConnection } from './connection.ts';
import type { Properties } from './marshal.ts';
import { changePages } from './page-styles.ts';

/**
 * Numbers of the methods that we call: three for `XInterface`, then as LibreOffice's IDL files
 * declare them, base interfaces first.
 */
const methods = {
  getServiceManager: 4,
  createInstanceWithContext: 3,
  loadComponentFromURL: 3,
  storeToURL: 8,
  close: 5,
} as const;

const types = {
  context: 'com.sun.star.uno.XComponentContext',
  factory: 'com.sun.star.lang.XMultiComponentFactory',
  object: 'com.sun.star.uno.XInterface',
  loader: 'com.sun.star.frame.XComponentLoader',
  component: 'com.sun.star.lang.XComponent',
  storable: 'com.sun.star.frame.XStorable',
  closeable: 'com.sun.star.util.XCloseable',
} as const;

export interface Conversion {
  readonly inputPath: string;
  /** LibreOffice's name of the filter that reads the input. */
  readonly inputFilter: string;
  readonly outputPath: string;
  readonly outputFilter: string;
  /** The export filter's own (FilterData). */
  readonly settings: Properties;
  /** Further properties of storing, such as a password. */
  readonly storing?: Properties;
  readonly pages: PageChange | null;
}

/** LibreOffice's desktop, over a connection to it. */
export class RemoteOffice {
  readonly #connection: UrpConnection;
  readonly #context: Remote;
  readonly #loader: Remote;

  private constructor(connection: UrpConnection, context: Remote, loader: Remote) {
    this.#connection = connection;
    this.#context = context;
    this.#loader = loader;
  }

  static async open(connection: UrpConnection): Promise<RemoteOffice> {
    const initial = await connection.initialObject('StarOffice.ComponentContext');
    const context = await connection.query(initial, types.context);
    const answer = await connection.call(context, methods.getServiceManager);
    const factory = remoteFrom(answer, types.factory);
    const made = await connection.call(factory, methods.createInstanceWithContext, (message) =>
      message.string('com.sun.star.frame.Desktop').name(context.name),
    );
    const loader = await connection.query(remoteFrom(made, types.object), types.loader);
    return new RemoteOffice(connection, context, loader);
  }

  /** Settles if it still answers. */
  async ping(): Promise<void> {
    const answer = await this.#connection.call(this.#context, methods.getServiceManager);
    this.#connection.release(remoteFrom(answer, types.factory));
  }

  /**
   * Opens a document, writes it in another format and closes it.
   *
   * @returns false where LibreOffice cannot read it
   * @throws RemoteException, or the error that ended the connection
   */
  async convert(conversion: Conversion): Promise<boolean> {
    const connection = this.#connection;
    const opened = await connection.call(this.#loader, methods.loadComponentFromURL, (message) =>
      message
        .string(pathToFileURL(conversion.inputPath).href)
        .string('_blank')
        .long(0)
        .properties(loading(conversion.inputFilter)),
    );
    const document = remoteFrom(opened, types.component);
    if (document.name === '') return false;
    try {
      if (conversion.pages) await changePages(connection, document, conversion.pages);
      await this.#store(document, conversion);
    } finally {
      await this.#close(document);
    }
    return true;
  }

  async #store(document: Remote, conversion: Conversion): Promise<void> {
    const { outputPath, outputFilter, settings, storing } = conversion;
    const storable = await this.#connection.query(document, types.storable);
    try {
      await this.#connection.call(storable, methods.storeToURL, (message) =>
        message.string(pathToFileURL(outputPath).href).properties({
          FilterName: { string: outputFilter },
          FilterData: { properties: settings },
          ...storing,
        }),
      );
    } finally {
      this.#connection.release(storable);
    }
  }

  async #close(document: Remote): Promise<void> {
    const closeable = await this.#connection.query(document, types.closeable);
    await this.#connection.call(closeable, methods.close, (message) => message.byte(1));
    this.#connection.release(closeable);
    this.#connection.release(document);
  }
}

/** Macros never run and links are never followed, whatever the profile says. */
function loading(filter: string): Properties {
  return {
    FilterName: { string: filter },
    Hidden: { boolean: true },
    ReadOnly: { boolean: true },
    MacroExecutionMode: { short: 0 },
    UpdateDocMode: { short: 0 },
  };
}

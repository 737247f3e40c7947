import { connect, type Socket } from 'node:net';
import { MessageReader, MessageWriter, type ReaderCaches } from './marshal.ts';

/** An object on the other side, by the interface through which we may call it. */
export interface Remote {
  readonly name: string;
  readonly type: string;
}

/** An exception that was thrown on the other side. */
export class RemoteException extends Error {
  readonly type: string;

  constructor(type: string, message: string) {
    super(`${type}: ${message}`);
    this.name = 'RemoteException';
    this.type = type;
  }
}

const threadName = 'mutate';
const propertiesThread = '.UrpProtocolPropertiesTid';
const nothing = { name: '', type: '' };
/** Larger than anything that the calls we make are answered with. */
const messageBytesMax = 1024 * 1024;

/** Bits of a message's first byte (binaryurp/source/writer.cxx). */
const bits = {
  long: 0x80,
  request: 0x40,
  exception: 0x20,
  newType: 0x20,
  newName: 0x10,
  tid: 0x08,
};

/** Every interface begins with these three. */
const queryInterface = 0;
const release = 2;

interface Waiting {
  readonly answer: (reader: MessageReader) => void;
  readonly fail: (error: Error) => void;
}

/**
 * A client of UNO's remote protocol, as far as converting a document needs it: calls to LibreOffice
 * one after the other, none from there.
 */
export class UrpConnection {
  readonly #socket: Socket;
  readonly #caches: ReaderCaches = { types: new Map(), names: new Map() };
  #pending: Buffer = Buffer.alloc(0);
  #waiting: Waiting | null = null;
  #ready: () => void = () => {};
  #closed: Error | null = null;

  private constructor(socket: Socket) {
    this.#socket = socket;
    socket.on('data', (chunk) => this.#take(chunk));
    socket.on('error', (error) => this.#end(error));
    socket.on('close', () => this.#end(new Error('LibreOffice has closed the connection')));
  }

  /** Connects to the pipe that `soffice --accept=pipe,…` listens at, and settles its protocol. */
  static async open(path: string): Promise<UrpConnection> {
    const socket = connect({ path });
    const connection = new UrpConnection(socket);
    await new Promise<void>((resolve, reject) => {
      connection.#ready = resolve;
      socket.once('close', () => reject(connection.#closed ?? new Error('closed')));
    });
    return connection;
  }

  /** The object that LibreOffice offers to whoever connects. */
  async initialObject(name: string): Promise<Remote> {
    const type = 'com.sun.star.uno.XInterface';
    return this.query({ name, type }, type);
  }

  /** The same object by another interface. @throws Error where it has no such one */
  async query({ name, type }: Remote, wanted: string): Promise<Remote> {
    const found = await this.findInterface({ name, type }, wanted);
    if (found.name === '') throw new Error(`the object has no ${wanted}`);
    return found;
  }

  /** As `query`; with an empty name where there is no such interface. */
  async findInterface(object: Remote, wanted: string): Promise<Remote> {
    const asked = { name: object.name, type: 'com.sun.star.uno.XInterface' };
    const reader = await this.call(asked, queryInterface, (arguments_) =>
      arguments_.interfaceType(wanted),
    );
    return reader.anyObject();
  }

  /**
   * Calls a method by its number: three for `XInterface`, then in the order of declaration, base
   * interfaces first.
   *
   * @throws RemoteException, or the error that ended the connection
   */
  call(
    object: Remote,
    method: number,
    write: (message: MessageWriter) => MessageWriter = (message) => message,
  ): Promise<MessageReader> {
    if (this.#closed) return Promise.reject(this.#closed);
    if (this.#waiting) return Promise.reject(new Error('a call is under way'));
    return new Promise((answer, fail) => {
      this.#waiting = { answer, fail };
      // No current context, which goes before the arguments.
      this.#send(write(requestHead(object, method).name('')));
    });
  }

  /** Gives an object back; LibreOffice keeps it as long as we hold it. */
  release(object: Remote): void {
    if (this.#closed || object.name === '') return;
    this.#send(requestHead(object, release));
  }

  close(): void {
    this.#socket.destroy();
  }

  #send(message: MessageWriter): void {
    const body = message.bytes();
    const head = Buffer.alloc(8);
    head.writeUInt32BE(body.length);
    head.writeUInt32BE(1, 4);
    this.#socket.write(Buffer.concat([head, body]));
  }

  #take(chunk: Buffer): void {
    this.#pending = this.#pending.length === 0 ? chunk : Buffer.concat([this.#pending, chunk]);
    while (this.#pending.length >= 8) {
      const length = this.#pending.readUInt32BE(0);
      if (length > messageBytesMax || this.#pending.readUInt32BE(4) !== 1) {
        this.#socket.destroy(new Error('LibreOffice sent something else than one message'));
        return;
      }
      if (this.#pending.length < 8 + length) return;
      const body = this.#pending.subarray(8, 8 + length);
      this.#pending = this.#pending.subarray(8 + length);
      this.#handle(body);
    }
  }

  #handle(body: Buffer): void {
    const [flags = 0, method] = body;
    const isLong = (flags & bits.long) !== 0;
    if (!isLong || (flags & bits.request) !== 0) return this.#agree(method);
    const waiting = this.#waiting;
    this.#waiting = null;
    try {
      const reader = new MessageReader(body, this.#caches);
      reader.byte();
      if ((flags & bits.tid) !== 0) reader.skipThreadName();
      if ((flags & bits.exception) === 0) return waiting?.answer(reader);
      const { type, message } = reader.exception();
      waiting?.fail(new RemoteException(type, message));
    } catch (error) {
      waiting?.fail(error instanceof Error ? error : new Error(String(error)));
    }
  }

  /**
   * The only requests we get: which properties the protocol shall have. It asks whether it may
   * decide (`requestChange`, 4), then says that every request is to carry a context (`commitChange`).
   */
  #agree(method: number | undefined): void {
    const reply = new MessageWriter().byte(bits.long | bits.tid).name(propertiesThread);
    if (method === 4) return this.#send(reply.long(1));
    this.#send(reply);
    this.#ready();
  }

  #end(error: Error): void {
    this.#closed ??= error;
    this.#waiting?.fail(this.#closed);
    this.#waiting = null;
  }
}

function requestHead({ name, type }: Remote, method: number): MessageWriter {
  return new MessageWriter()
    .byte(bits.long | bits.request | bits.newType | bits.newName | bits.tid)
    .byte(method)
    .interfaceType(type)
    .name(name)
    .name(threadName);
}

/** A returned reference, typed as the method declares it. */
export function remoteFrom(reader: MessageReader, type: string): Remote {
  const name = reader.objectName();
  return name === '' ? nothing : { name, type };
}

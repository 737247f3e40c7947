import { EngineError } from '../../engine.ts';

export function encrypted(): EngineError {
  const message = 'The document is password-protected. Remove the password and try again.';
  return new EngineError('document_encrypted', message);
}

export function invalid(message: string, cause?: unknown): EngineError {
  return new EngineError('document_invalid', message, cause);
}

export function damaged(what: string, cause?: unknown): EngineError {
  return invalid(`The document is damaged: ${what}.`, cause);
}

export function tooComplex(what: string): EngineError {
  return new EngineError('document_too_complex', `The document has ${what}.`);
}

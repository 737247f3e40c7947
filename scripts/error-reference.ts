import { renderErrorMarkdown } from '../packages/server/src/http/reference/error-reference.ts';
import { writeOrCheck } from './generated-file.ts';

// Writes docs/errors.md; with --check only says whether it is as it would be written.
writeOrCheck('docs/errors.md', renderErrorMarkdown());

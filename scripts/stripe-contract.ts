import { generateContract } from '../packages/stripe-sim/src/contract/generate.ts';
import { writeOrCheck } from './generated-file.ts';

// Writes the simulator's contract; with --check only says whether it is as it would be written.
writeOrCheck('packages/stripe-sim/src/contract/generated/contract.json', generateContract());

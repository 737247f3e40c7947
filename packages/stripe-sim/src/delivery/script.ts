import { seededRandom } from '../control/random.ts';
import type { Delivery } from '../store/payment-documents.ts';
import { newId, type Transaction } from '../store/transaction.ts';
import { wrongSignatures, type WrongSignature } from './signature.ts';

/** What the network does to webhooks. Probabilities are 0 to 1. */
export interface WebhookScript {
  /** What is due at one moment comes in any order. */
  readonly shuffle: boolean;
  readonly duplicate: number;
  /** Never sent, and not tried again until it is resent by command. */
  readonly lose: number;
  /** Business seconds a delivery may come late, drawn from 0 to this. */
  readonly delay_seconds: number;
  /** Delays are multiples of it, so that many come at one moment. */
  readonly delay_step_seconds: number;
  /** The first attempt carries a wrong signature. */
  readonly missign: number;
  readonly seed: number;
}

const calm: WebhookScript = {
  shuffle: false,
  duplicate: 0,
  lose: 0,
  delay_seconds: 0,
  delay_step_seconds: 1,
  missign: 0,
  seed: 1,
};

/** The script of disturbances, with its own source of chance. Kept in memory: a restart ends it. */
export class Disturbance {
  #script = calm;
  #random = seededRandom(calm.seed);

  get script(): WebhookScript {
    return this.#script;
  }

  set(script: Partial<WebhookScript>): void {
    this.#script = { ...calm, ...script };
    this.#random = seededRandom(this.#script.seed);
  }

  /** Asks about each delivery once, before it is sent for the first time. */
  apply(tx: Transaction, delivery: Delivery): void {
    const script = this.#script;
    delivery.is_scripted = true;
    if (this.#random() < script.lose) {
      delivery.status = 'lost';
      return;
    }
    if (this.#random() < script.duplicate) {
      const copy = { ...delivery, id: newId('sim.delivery'), is_duplicate: true };
      this.#place(tx.insert('sim.delivery', copy));
    }
    this.#place(delivery);
  }

  wrongSignature(delivery: Delivery): WrongSignature | undefined {
    if (delivery.attempts > 0 || this.#random() >= this.#script.missign) return undefined;
    return wrongSignatures[Math.floor(this.#random() * wrongSignatures.length)];
  }

  #place(delivery: Delivery): void {
    if (this.#script.shuffle) delivery.order = this.#random();
    const { delay_seconds: delay, delay_step_seconds: step } = this.#script;
    const drawn = Math.floor(this.#random() * delay);
    delivery.due += drawn - (drawn % Math.max(1, step));
  }
}

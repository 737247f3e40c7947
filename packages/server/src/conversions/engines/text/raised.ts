const plain = '0123456789+-=()';
const raised = '⁰¹²³⁴⁵⁶⁷⁸⁹⁺⁻⁼⁽⁾';
const lowered = '₀₁₂₃₄₅₆₇₈₉₊₋₌₍₎';

/** Plain text has no raised or lowered letters, but Unicode has numbers so; other text stays as it is. */
export function asScript(text: string, isRaised: boolean): string {
  const places = Array.from(text, (letter) => plain.indexOf(letter));
  if (places.includes(-1)) return text;
  return places.map((at) => (isRaised ? raised : lowered).charAt(at)).join('');
}

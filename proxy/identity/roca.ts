/** Tells RSA moduli of the broken generator of 2012–2017 (ROCA, CVE-2017-15361): such a key can be factored. */
const PRIMES = [
  3, 5, 7, 11, 13, 17, 19, 23, 29, 31, 37, 41, 43, 47, 53, 59, 61, 67, 71, 73, 79, 83, 89, 97, 101, 103, 107,
  109, 113, 127, 131, 137, 139, 149, 151, 157, 163, 167,
];

/** For each prime, the residues that are powers of 65537: a modulus with only such residues is no accident. */
const POWERS = PRIMES.map((prime) => {
  const powers = new Set<number>();
  for (let power = 1; !powers.has(power); power = (power * 65537) % prime) powers.add(power);
  return powers;
});

export function fromBrokenGenerator(modulus: Buffer): boolean {
  const value = BigInt(`0x${modulus.toString('hex')}`);
  return PRIMES.every((prime, i) => POWERS[i]?.has(Number(value % BigInt(prime))));
}

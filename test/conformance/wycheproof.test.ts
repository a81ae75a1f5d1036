/** The strict JWS layer before published vectors: Wycheproof's where they are at hand, and the examples of RFC 7515 and RFC 8037 always. */
import { existsSync, readFileSync } from 'node:fs';
import path from 'node:path';
import { describe, expect, test } from 'vitest';
import { ALGORITHMS, type AlgorithmName } from '../../proxy/identity/algorithms.ts';
import { readCompact } from '../../proxy/identity/compact.ts';
import { readKeySet } from '../../proxy/identity/key-set.ts';
import { goodSignature } from '../../proxy/identity/signature.ts';

const VECTORS = path.resolve(import.meta.dirname, '../../../shared/vectors/wycheproof');
const FILES = ['json_web_signature_test.json', 'json_web_crypto_test.json', 'json_web_key_test.json'];
const ALL = Object.keys(ALGORITHMS) as AlgorithmName[];

/**
 * Labels of the signature file that are wrong by the standards: 346 and 350 are PS384 under a key bound to PS256, 347
 * and 351 are ES512 under a key whose `alg` is no algorithm, 367 and 370 are byte for byte a valid token, 372 and
 * 373 hold a character that is not base64url.
 */
const QUIRKS = new Set([346, 347, 350, 351, 367, 370, 372, 373]);

type Json = Readonly<Record<string, unknown>>;

/** What the layer says of a token under the keys of a document. */
async function accepts(token: string, jwks: Json): Promise<boolean> {
  try {
    const { set } = readKeySet(Array.isArray(jwks.keys) ? jwks : { keys: [jwks] }, {
      allowed: ALL,
      symmetric: true,
    });
    const parts = readCompact(token);
    const key =
      set.pick(parts.header) ?? (set.size === 1 && !Array.isArray(jwks.keys) ? set.keys[0] : undefined);
    return key !== undefined && (await goodSignature(token, parts, key));
  } catch {
    return false;
  }
}

interface Vector {
  readonly tcId: number;
  readonly comment: string;
  readonly jws?: unknown;
  readonly result: string;
}

interface Group {
  readonly comment?: string;
  readonly public?: Json;
  readonly private?: Json;
  readonly tests: readonly Vector[];
}

function groups(file: string): readonly Group[] {
  return (JSON.parse(readFileSync(path.join(VECTORS, file), 'utf8')) as { testGroups: Group[] }).testGroups;
}

const present = FILES.every((file) => existsSync(path.join(VECTORS, file)));

const wycheproof = () => {
  const counted = { judged: 0, valid: 0, invalid: 0, quirks: 0 };

  test.each(FILES)('%s: every compact JWS is judged as labelled, save the known quirks', async (file) => {
    const wrong: string[] = [];
    for (const group of groups(file)) {
      const keys = group.public ?? group.private;
      for (const { tcId, comment, jws, result } of group.tests) {
        if (typeof jws !== 'string' || keys === undefined) continue;
        const quirk = file === FILES[0] && QUIRKS.has(tcId);
        const expected = (result === 'valid') !== quirk;
        const given = await accepts(jws, keys);
        counted.judged++;
        counted[expected ? 'valid' : 'invalid']++;
        if (quirk) counted.quirks++;
        if (given !== expected)
          wrong.push(`${tcId} ${comment}: ${given ? 'accepted' : 'refused'}, is ${result}`);
      }
    }
    expect(wrong).toEqual([]);
  });

  test('several hundred vectors were judged', () => {
    const { judged, valid, invalid, quirks } = counted;
    console.log(
      `Wycheproof: ${judged} compact JWS, ${valid} to accept, ${invalid} to refuse, ${quirks} label quirks`,
    );
    expect(judged).toBeGreaterThan(450);
    expect(quirks).toBe(QUIRKS.size);
  });
};
if (present) describe('Wycheproof', wycheproof);

/** RFC 7515 Appendix A and RFC 8037 Appendix A.4. */
const EXAMPLES: readonly { readonly name: string; readonly key: Json; readonly token: string }[] = [
  {
    name: 'RFC 7515 A.1, HS256',
    key: {
      kty: 'oct',
      k: 'AyM1SysPpbyDfgZld3umj1qzKObwVMkoqQ-EstJQLr_T-1qS0gZH75aKtMN3Yj0iPS4hcgUuTwjAzZr1Z9CAow',
      alg: 'HS256',
    },
    token:
      'eyJ0eXAiOiJKV1QiLA0KICJhbGciOiJIUzI1NiJ9.eyJpc3MiOiJqb2UiLA0KICJleHAiOjEzMDA4MTkzODAsDQogImh0dHA6Ly9leGFtcGxlLmNvbS9pc19yb290Ijp0cnVlfQ.dBjftJeZ4CVP-mB92K27uhbUJU1p1r_wW1gFWFOEjXk',
  },
  {
    name: 'RFC 7515 A.3, ES256',
    key: {
      kty: 'EC',
      crv: 'P-256',
      x: 'f83OJ3D2xF1Bg8vub9tLe1gHMzV76e8Tus9uPHvRVEU',
      y: 'x_FEzRu9m36HLN_tue659LNpXW6pCyStikYjKIWI5a0',
    },
    token:
      'eyJhbGciOiJFUzI1NiJ9.eyJpc3MiOiJqb2UiLA0KICJleHAiOjEzMDA4MTkzODAsDQogImh0dHA6Ly9leGFtcGxlLmNvbS9pc19yb290Ijp0cnVlfQ.DtEhU3ljbEg8L38VWAfUAqOyKAM6-Xx-F4GawxaepmXFCgfTjDxw5djxLa8ISlSApmWQxfKTUJqPP3-Kg6NU1Q',
  },
  {
    name: 'RFC 8037 A.4, EdDSA',
    key: { kty: 'OKP', crv: 'Ed25519', x: '11qYAYKxCrfVS_7TyWQHOg7hcvPapiMlrwIaaPcHURo' },
    token:
      'eyJhbGciOiJFZERTQSJ9.RXhhbXBsZSBvZiBFZDI1NTE5IHNpZ25pbmc.hgyY0il_MGCjP0JzlnLWG1PPOt7-09PGcvMg3AIbQR6dWbhijcNR4ki4iylGjg5BhVsPt9g7sVvpAr_MuM0KAg',
  },
];

describe('the examples of the standards', () => {
  test.each(EXAMPLES)('$name is accepted', async ({ key, token }) => {
    expect(await accepts(token, key)).toBe(true);
  });

  test.each(EXAMPLES)('$name is refused with any one character of it changed', async ({ key, token }) => {
    for (let i = 0; i < token.length; i += 7) {
      const other = token[i] === 'A' ? 'B' : 'A';
      const changed = token.slice(0, i) + other + token.slice(i + 1);
      expect(await accepts(changed, key), `at ${i}`).toBe(false);
    }
  });

  test.each(EXAMPLES)(
    '$name is refused with its last signature bits, padding or blanks added',
    async ({ key, token }) => {
      const last = 'ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_';
      const next = last[last.indexOf(token.at(-1) as string) + 1] as string;
      for (const changed of [`${token}=`, `${token} `, `${token}\n`, ` ${token}`, token.slice(0, -1) + next])
        expect(await accepts(changed, key), JSON.stringify(changed.slice(-4))).toBe(false);
    },
  );
});

/** PEM by path or by value: read and checked when the configuration is, so that a bad one stops the start. */
import { createPrivateKey, X509Certificate } from 'node:crypto';
import { Secret } from './secret.ts';
import { bad, type Context, good, type Options, type Parsed, type Variable, variable } from './var.ts';

/** The PEM text behind a path or a value, with `\n` escapes undone; the error never holds the text given. */
export function readPem(text: string, context: Context): Parsed<string> {
  if (text.includes('-----BEGIN')) return good(text.replaceAll('\\n', '\n'));
  try {
    const content = context.readFile(text.trim());
    return content.includes('-----BEGIN') ? good(content) : bad('the file holds no PEM (`-----BEGIN …`)');
  } catch (error) {
    const code = (error as NodeJS.ErrnoException).code ?? 'not a path';
    return bad(`the file can not be read (${code}); give a readable file's path or the PEM itself`);
  }
}

/** A certificate chain, leaf first. */
export const certificate = (name: string, options: Options): Variable<string | undefined> =>
  variable(name, options, {
    kind: 'path or PEM',
    parse: (text, context) => {
      const pem = readPem(text, context);
      if ('error' in pem) return pem;
      try {
        new X509Certificate(pem.value);
        return pem;
      } catch {
        return bad('is not a certificate; give PEM that begins with `-----BEGIN CERTIFICATE-----`');
      }
    },
    show: () => '[set]',
  });

export const privateKey = (name: string, options: Options): Variable<Secret | undefined> =>
  variable(name, options, {
    kind: 'path or PEM, secret',
    secret: true,
    parse: (text, context) => {
      const pem = readPem(text, context);
      if ('error' in pem) return pem;
      try {
        createPrivateKey(pem.value);
        return good(new Secret(pem.value));
      } catch {
        return bad(
          'is not an unencrypted private key; give PEM that begins with `-----BEGIN PRIVATE KEY-----`',
        );
      }
    },
  });

/** Values that are no secret though they stand in a secret's place: nothing, a reference, a type, a complaint. */
import { isMarkAt } from './spans.ts';

const WORDS = new Set(
  (
    'null none nil undefined nan true false yes no on off ok string str text varchar char number int integer bytes ' +
    'boolean bool any object array unknown never void optional required missing invalid incorrect wrong expired valid ' +
    'present absent unset set empty blank changed updated hidden masked filtered redacted removed deleted sanitized ' +
    'omitted encrypted bearer basic digest negotiate disabled enabled mismatch error failed failure denied ' +
    'rejected revoked rotated n/a na is was must should cannot can not and or for in to the a an of with has have ' +
    'does did please your you use too at least this that it got expected function async await return new typeof ' +
    'class private public readonly static const let var type interface weak strong critical warning overdue accepted ' +
    'token credentials cookie access refresh id_token access_token ' +
    'refresh_token authorization_code client_credentials from via name by provided supplied include omit same-origin'
  ).split(' '),
);

const REFERENCE = new RegExp(
  [
    String.raw`^\$\{|^\$\(|^\$[A-Za-z_]\w*$|^\$\d{1,3}\b|^\?$|^%[A-Za-z_]+%$|^%\(?\w{0,20}\)?[sdvq]$|^:[a-z_]{1,30}$|^@[a-z_]{1,30}$`,
    String.raw`^\{\{|^\$\{\{|^<[^<>]{0,60}>?$|^\[[^\]]{0,60}\]$|^\{[\w.]{0,40}\}$|^\(\w{2,12}\)?$|^#\{|^!Ref|^!Sub|^&[a-z]\w*$|^\*[a-z]\w*$`,
    String.raw`^(?:process|os|env|ENV|self|this|config|cfg|settings|options|opts|req|request|ctx|context|args|params|props|secrets|vars|data|user|payload|body|import\.meta|System|Rails|session|headers|credentials|app|state|event|response|res|creds)\??[.[](?!\S*[^\w.?[\]'"()!]\S)[A-Za-z_'"]`,
    String.raw`^[A-Za-z_$][\w$.]{0,60}\(`,
    String.raw`^(?:op|vault|awssm|gcpsm|akv|secretref|keyvault|ssm|doppler|bws):`,
    String.raw`^(?:arn:aws|projects/[^/]+/secrets/|@Microsoft\.KeyVault|ref\+)`,
    String.raw`^(?:/(?:etc|run|var|usr|home|app|opt|proc|tmp|secrets|mnt|root|Users|data|srv)/|[A-Z]:\\|~/|\.{1,2}/)[\w./\\ -]*$`,
    String.raw`^[\w./-]*/[\w.-]+\.(?:pem|key|crt|json|ya?ml|txt|toml|env|js|ts|py|p12|pfx|jks)$`,
    String.raw`^[A-Z][A-Z0-9]*(?:_[A-Z0-9]+)*_(?:KEY|TOKEN|SECRET|PASSWORD|PASS|URL|DSN|PAT|CREDENTIALS)$`,
    String.raw`^(?:\*|•|●|█|x|X|\.|-|_|#){2,}\w{0,4}$|^\w{0,8}[*•]{3,}\w{0,4}$|^\w{1,8}(?:\.{3}|…)\w{0,4}$`,
    String.raw`^now\(\)|^\d{4}-\d\d-\d\dT[\d:.]+Z?$|^(?:sha256|md5|sha1|bcrypt|argon2id|HS256|RS256|ES256)$`,
  ].join('|'),
);

const COMPLAINT =
  /\b(?:must|is|are|was|can(?:not|'t)|should|required|invalid|missing|incorrect|expired|failed|please|does|has|have|will|least|too short|too long|do not|don't|contain|minimum|maximum)\b/i;

/** True when nothing would be lost by showing `value`. Looks at 256 characters at most. */
export function isPlaceholder(value: string): boolean {
  if (value === '' || isMarkAt(value, 0)) return true;
  const head = value.length > 256 ? value.slice(0, 256) : value;
  if (head.length < 32 && WORDS.has(head.replace(/[.,;:!?)]{1,4}$/, '').toLowerCase())) return true;
  return REFERENCE.test(head) || head.trim() === '';
}

/** True for a sentence about a secret, such as a validation message. */
export const isComplaint = (value: string): boolean =>
  value.length < 200 &&
  value.includes(' ') &&
  /^[A-Za-z' ,.;:()0-9<>=-]+$/.test(value) &&
  COMPLAINT.test(value);

/** Requests as many browsers send them: hardly two heads alike, so that nothing remembered of one helps the next. */
import { type Request, token } from '../load/requests.ts';
import { replaying } from './replaying.ts';

const BROWSERS = 5000;
const USERS = 500;
const SYSTEMS = ['Windows NT 10.0; Win64; x64', 'Macintosh; Intel Mac OS X 10_15_7', 'X11; Linux x86_64'];
const LANGUAGES = ['en-US,en;q=0.9', 'de-DE,de;q=0.9,en;q=0.7', 'fr-FR,fr;q=0.8', 'ja-JP,ja;q=0.9'];
const PAGES = ['orders', 'customers', 'reports', 'settings/profile', 'search'];

export default replaying({
  id: 'diverse-headers',
  about: `GET of 1 KB by ${BROWSERS} browsers of ${USERS} users: user agents, cookies, queries of their own`,
  requests: browsers,
});

export function browsers(): Request[] {
  const tokens = Array.from({ length: USERS }, (_, user) => token({ sub: `user-${user}` }));
  return Array.from({ length: BROWSERS }, (_, index) => browser(index, tokens[index % USERS]!));
}

/** The same for the same index, whenever it is made, but for the token. */
function browser(index: number, bearer: string): Request {
  const pick = <Item>(items: readonly Item[], step: number): Item => items[(index * step) % items.length]!;
  const random = digits(index);
  const major = 100 + (index % 40);
  const agent = `Mozilla/5.0 (${pick(SYSTEMS, 1)}) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/${major}.0.${random(4)}.${random(2)} Safari/537.36`;
  const cookies = [
    `_ga=GA1.1.${random(9)}.${random(10)}`,
    `sid=${random(20)}`,
    `theme=${pick(['dark', 'light'], 1)}`,
  ];
  const headers = [
    `Authorization: Bearer ${bearer}`,
    `sec-ch-ua: "Chromium";v="${major}", "Not.A/Brand";v="24"`,
    'sec-ch-ua-mobile: ?0',
    `User-Agent: ${agent}`,
    'Accept: application/json, text/plain, */*',
    'Sec-Fetch-Site: same-site',
    'Sec-Fetch-Mode: cors',
    'Sec-Fetch-Dest: empty',
    `Referer: https://app.example.com/${pick(PAGES, 3)}?tab=${random(3)}`,
    'Accept-Encoding: gzip, deflate, br',
    `Accept-Language: ${pick(LANGUAGES, 7)}`,
    `Cookie: ${cookies.slice(0, 1 + (index % 3)).join('; ')}`,
  ];
  if (index % 4 === 0) headers.push(`If-None-Match: "${random(16)}"`);
  if (index % 5 === 0) headers.push(`X-Request-ID: ${random(24)}`);
  return { path: `/?page=${index % 50}&q=${random(6)}`, headers };
}

/** Digits that look random: a linear congruential generator. */
function digits(seed: number): (length: number) => string {
  let state = (seed * 2_654_435_761) >>> 0;
  return (length) => {
    let text = '';
    while (text.length < length) {
      state = (Math.imul(state, 1_664_525) + 1_013_904_223) >>> 0;
      text += String(state).padStart(10, '0').slice(0, 5);
    }
    return text.slice(0, length);
  };
}

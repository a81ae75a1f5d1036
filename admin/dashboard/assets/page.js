/** Keeps the page live, and asks before it ends or revokes anything. Every part comes rendered from the server. */
(() => {
  const byId = (id) => document.getElementById(id);
  const live = byId('live');
  if (live === null) return;
  const csrf = document.querySelector('meta[name=csrf]')?.content;
  const waiting = new Map();
  let source;
  let searching = false;

  const say = (text, tone) => {
    if (live.textContent === text) return;
    live.textContent = text;
    live.className = tone;
  };

  /** What somebody works in or reads from is left alone until they are done. */
  const inUse = (part) => {
    const focus = document.activeElement;
    if (part.contains(focus) && !focus.matches('.scroll')) return true;
    const selection = document.getSelection();
    return selection !== null && !selection.isCollapsed && part.contains(selection.anchorNode);
  };

  const put = (name, html) => {
    const part = document.querySelector(`[data-part="${name}"]`);
    if (part === null || (name === 'audit' && searching)) return;
    if (inUse(part)) {
      waiting.set(name, html);
      return;
    }
    waiting.delete(name);
    const [before] = part.querySelectorAll('.scroll');
    const left = before?.scrollLeft ?? 0;
    const focused = part.contains(document.activeElement) && document.activeElement === before;
    part.innerHTML = html;
    const after = part.querySelector('.scroll');
    if (after === null) return;
    after.scrollLeft = left;
    if (focused) after.focus();
  };

  const open = () => {
    source = new EventSource('/live');
    source.addEventListener('open', () => say('live', 'on'));
    source.addEventListener('part', ({ data }) => {
      const { name, html } = JSON.parse(data);
      put(name, html);
    });
    source.addEventListener('beat', () => {
      for (const [name, html] of waiting) put(name, html);
    });
    source.addEventListener('error', () => {
      if (source.readyState === EventSource.CLOSED) say('signed out: reload', 'off');
      else say('reconnecting', 'off');
    });
  };

  const refresh = async (name, query = '') => {
    const answer = await fetch(`/parts/${name}${query}`);
    if (answer.ok) document.querySelector(`[data-part="${name}"]`).innerHTML = await answer.text();
  };

  const announce = (text) => {
    const said = byId('said');
    said.textContent = text;
    setTimeout(() => {
      if (said.textContent === text) said.textContent = '';
    }, 6000);
  };

  /** Resolves to true once the operator said yes. */
  const confirmed = (title, text, yes) => {
    const dialog = byId('confirm');
    byId('confirm-title').textContent = title;
    byId('confirm-text').textContent = text;
    byId('confirm-yes').textContent = yes;
    dialog.returnValue = 'no';
    dialog.showModal();
    return new Promise((resolve) => {
      dialog.addEventListener('close', () => resolve(dialog.returnValue === 'yes'), { once: true });
    });
  };

  const change = async (method, path, body, done) => {
    try {
      const headers = { 'X-CSRF-Token': csrf, 'Content-Type': 'application/json' };
      const answer = await fetch(path, { method, headers, body });
      if (answer.ok) announce(done);
      else announce((await answer.json()).detail ?? 'This did not work.');
    } catch {
      announce('The admin port did not answer.');
    }
    document.activeElement?.blur();
    await Promise.all([refresh('sessions'), searching ? undefined : refresh('audit')]);
  };

  document.addEventListener('click', async ({ target }) => {
    const button = target.closest('button[data-end]');
    if (button === null) return;
    const { end, subject } = button.dataset;
    const text = `${subject} has to sign in again. Tokens of this session are refused from now on.`;
    if (await confirmed(`End this session of ${subject}?`, text, 'End session'))
      await change('DELETE', `/sessions/${encodeURIComponent(end)}`, undefined, 'The session has ended.');
  });

  document.querySelector('form[data-revoke]')?.addEventListener('submit', async (event) => {
    event.preventDefault();
    const form = event.target;
    const { sub, reason } = Object.fromEntries(new FormData(form));
    const text = 'Every token issued to it until now is refused. Whoever holds one has to sign in again.';
    if (!(await confirmed(`Revoke all tokens of ${sub}?`, text, 'Revoke'))) return;
    const body = JSON.stringify(reason === '' ? { sub } : { sub, reason });
    await change('POST', '/revocations', body, `The tokens of ${sub} are revoked.`);
    form.reset();
  });

  document.querySelector('form[data-audit]')?.addEventListener('submit', async (event) => {
    event.preventDefault();
    const query = new URLSearchParams(new FormData(event.target));
    searching = [...query.values()].some((value) => value !== '');
    await refresh('audit', `?${query}`);
  });

  const pause = byId('pause');
  pause.hidden = false;
  pause.addEventListener('click', () => {
    const paused = pause.getAttribute('aria-pressed') === 'true';
    pause.setAttribute('aria-pressed', String(!paused));
    pause.textContent = paused ? 'Pause' : 'Resume';
    if (paused) open();
    else {
      source.close();
      say('paused', '');
    }
  });
  searching = [...new URLSearchParams(location.search).values()].some((value) => value !== '');
  open();
})();

// Runs the human check, sends its solution to the URL of this page, and navigates to the URL in the response.
(() => {
  const main = document.querySelector('main');
  const status = document.getElementById('status');
  const again = document.getElementById('again');
  const settings = JSON.parse(main.dataset.settings);

  const fail = (sentence) => {
    status.textContent = sentence;
    again.hidden = false;
  };
  again.querySelector('button').addEventListener('click', () => location.reload());

  async function send(solution) {
    status.textContent = 'Thank you. You are on your way back to the shop.';
    try {
      const response = await fetch(location.href, {
        method: 'POST',
        headers: { 'content-type': 'application/json', accept: 'application/json' },
        body: JSON.stringify({ answer: solution }),
        credentials: 'omit',
        redirect: 'error',
      });
      const body = await response.json();
      if (response.ok) location.replace(body.location);
      else fail(body.title);
    } catch {
      fail('There is no connection. Try again.');
    }
  }

  const bytes = (hex) => Uint8Array.from(hex.match(/../g) ?? [], (pair) => parseInt(pair, 16));
  const hex = (buffer) => Array.from(new Uint8Array(buffer), (byte) => byte.toString(16).padStart(2, '0')).join('');

  // ALTCHA's proof of work: a number for which the derived key begins with the required prefix.
  async function proofOfWork({ challenge }) {
    const { nonce, salt, cost, keyLength, keyPrefix } = challenge.parameters;
    const algorithm = { name: 'PBKDF2', hash: 'SHA-256', salt: bytes(salt), iterations: cost };
    const attempt = async (counter) => {
      const number = new Uint8Array(4);
      new DataView(number.buffer).setUint32(0, counter);
      const password = Uint8Array.of(...bytes(nonce), ...number);
      const key = await crypto.subtle.importKey('raw', password, 'PBKDF2', false, ['deriveBits']);
      const derivedKey = hex(await crypto.subtle.deriveBits(algorithm, key, keyLength * 8));
      return derivedKey.startsWith(keyPrefix) ? { counter, derivedKey } : null;
    };
    // Several at once, because browsers derive keys on other threads.
    for (let counter = 0; ; counter += 8) {
      const attempts = await Promise.all(Array.from({ length: 8 }, (_, index) => attempt(counter + index)));
      const solution = attempts.find(Boolean);
      if (solution) return send(btoa(JSON.stringify({ challenge, solution })));
    }
  }

  // Turnstile and hCaptcha: the script of the provider, which calls back when it is loaded.
  function widget(name, { script, ...options }) {
    window.onHumanCheckReady = () =>
      window[name].render(document.getElementById('widget'), {
        ...options,
        callback: send,
        'error-callback': () => fail('The check did not work. Try again.'),
        'expired-callback': () => fail('The check took too long. Try again.'),
      });
    const element = document.createElement('script');
    element.src = script;
    element.addEventListener('error', () =>
      fail('The check could not be loaded. Allow it for this page, and try again.'),
    );
    document.head.append(element);
  }

  switch (main.dataset.kind) {
    case 'proof-of-work':
      if (!globalThis.crypto?.subtle) fail('This check needs a secure connection (https).');
      else proofOfWork(settings).catch(() => fail('The check did not work. Try again.'));
      break;
    case 'turnstile':
      widget('turnstile', settings);
      break;
    case 'hcaptcha':
      widget('hcaptcha', settings);
      break;
  }
})();

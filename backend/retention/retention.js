/*! Holdfast retention.js: the dialog in which a customer cancels a subscription, or finds a reason to stay.
 *
 *   <script src="https://desk.example/retention.js" data-key="hfk_…" defer></script>
 *   <a href="/cancel" data-holdfast-cancel data-customer-id="c-42" data-subscription-id="sub_…" data-customer-token="…">Cancel</a>
 *
 * The token is HMAC-SHA256 of the customer's id, in hex, by the customerSecret of the key: make it on your server, since
 * everybody can read the key. Or
 * Holdfast.retention({key, base, customerId, subscriptionId, customerToken, cancelUrl, theme, lang, dir, strings, onOutcome}).open().
 * The link's own address, or cancelUrl, is where the customer goes when Holdfast cannot be reached. To cancel is one key
 * away (C, or strings.cancelKey; "" for none) at every step. Looks: the custom properties --holdfast-… below, set on :root.
 */
(() => {
  "use strict";
  const api = (window.Holdfast = window.Holdfast || {});
  if (api.retention) return;
  const script = document.currentScript;
  const TRIES = 3, PATIENCE = 15000, SLOW = 1500, ASKS = 12;
  const OVER = ["ALREADY_ENDING", "SUBSCRIPTION_ENDED"]; // there is nothing left to cancel

  const WORDS = {
    loading: "One moment…", close: "Close", cancelNow: "Cancel now", cancelKey: "c",
    why: "Why are you leaving?", more: "Can you tell us more?", comment: "Anything else we should know? (optional)",
    choose: "Please choose one, or skip.", proceed: "Continue", skip: "Skip", optional: "Reason (optional)",
    offer: "Before you go", decline: "No, thanks", PAUSE: "Pause instead", DOWNGRADE: "Switch my plan",
    DISCOUNT: "Take the discount", TRIAL_EXTENSION: "Extend my trial",
    confirm: "Cancel your subscription?", cancel: "Cancel subscription", keep: "Keep my subscription", back: "Go back",
    until: "You keep access until {date}.", saved: "You are staying. Thank you!",
    cancelled: "Your subscription is cancelled", stayed: "Nothing has changed", done: "Done",
    pending: "This is being done. You will see it in your account in a moment.",
    trouble: "That did not work. Please try again.", elsewhere: "Cancel on another page instead", again: "Try again",
  };

  const DARK = `--surface:var(--holdfast-surface,#1c1d21);--text:var(--holdfast-text,#f3f3f5);
    --muted:var(--holdfast-muted,#a9abb5);--line:var(--holdfast-line,#3d3f48);--soft:var(--holdfast-soft,#26282e);
    --accent:var(--holdfast-accent,#8fb8ff);--on-accent:var(--holdfast-on-accent,#0b1a33);
    --danger:var(--holdfast-danger,#ff9d94);color-scheme:dark;`;
  const CSS = `
  :host{all:initial;--surface:var(--holdfast-surface,#fff);--text:var(--holdfast-text,#1b1c20);
    --muted:var(--holdfast-muted,#5c5f6a);--line:var(--holdfast-line,#d4d6dd);--soft:var(--holdfast-soft,#f5f6f8);
    --accent:var(--holdfast-accent,#1f5fd0);--on-accent:var(--holdfast-on-accent,#fff);
    --danger:var(--holdfast-danger,#b3261e);--radius:var(--holdfast-radius,16px);color-scheme:light}
  @media(prefers-color-scheme:dark){:host(:not([data-theme=light])){${DARK}}}
  :host([data-theme=dark]){${DARK}}
  *{box-sizing:border-box}
  dialog{font:400 16px/1.5 var(--holdfast-font,system-ui,sans-serif);color:var(--text);background:var(--surface);
    inline-size:min(34rem,calc(100vw - 32px));max-block-size:min(46rem,calc(100dvh - 32px));padding:0;border:0;
    border-radius:var(--radius);box-shadow:0 1px 2px #0002,0 16px 48px #0004;overflow:auto;overscroll-behavior:contain;
    scroll-padding-block-end:9rem}
  dialog::backdrop{background:var(--holdfast-backdrop,#0b0d1280)}
  main{padding:28px 28px 0}
  h2{font-size:1.375rem;line-height:1.3;font-weight:650;margin:0;padding-inline-end:40px;outline:0;text-wrap:balance}
  p{margin:8px 0 0;color:var(--muted);white-space:pre-line;overflow-wrap:anywhere}
  .words{margin-block-start:20px;padding:16px 18px;border-radius:calc(var(--radius)*.75);background:var(--soft);
    color:var(--text);font-size:1.0625rem;font-weight:550}
  .words::first-letter{text-transform:uppercase}
  .note{color:var(--danger)}
  .note a{color:inherit;font-weight:600}
  fieldset{border:0;margin:20px 0 0;padding:0;min-inline-size:0;display:grid;gap:8px}
  legend{padding:0;margin-block-end:8px;font-weight:600}
  .choice{display:flex;gap:12px;align-items:center;min-block-size:48px;padding:10px 14px;border:1px solid var(--line);
    border-radius:calc(var(--radius)*.75);cursor:pointer;overflow-wrap:anywhere}
  .choice:has(:checked){border-color:var(--accent);box-shadow:inset 0 0 0 1px var(--accent);background:var(--soft)}
  input{accent-color:var(--accent);inline-size:18px;block-size:18px;margin:0;flex:none}
  .field{display:grid;gap:6px;margin-block-start:16px;color:var(--muted);font-size:.9375rem}
  textarea,select{font:inherit;font-size:1rem;color:var(--text);background:var(--surface);border:1px solid var(--muted);
    border-radius:calc(var(--radius)*.625);padding:10px 12px;min-block-size:48px;inline-size:100%;resize:vertical}
  footer{display:flex;flex-wrap:wrap;gap:8px;align-items:center;position:sticky;inset-block-end:0;background:var(--surface);
    margin:8px -28px 0;padding:16px 28px 24px}
  button{font:inherit;font-weight:600;min-block-size:44px;padding:8px 18px;border:1px solid var(--line);cursor:pointer;
    border-radius:calc(var(--radius)*.625);background:none;color:var(--text);touch-action:manipulation}
  button:hover{background:var(--soft)}
  .main{background:var(--accent);border-color:var(--accent);color:var(--on-accent)}
  .end{background:var(--danger);border-color:var(--danger);color:var(--surface)}
  .main:hover,.end:hover{background-image:linear-gradient(#8883,#8883)}
  .now{margin-inline-start:auto;border-color:transparent;color:var(--muted);padding-inline:10px}
  .close{position:absolute;inset-block-start:14px;inset-inline-end:14px;inline-size:44px;padding:0;border-color:transparent;
    color:var(--muted);font-size:1.25rem;line-height:1}
  kbd{font:600 .75rem/1 ui-monospace,monospace;border:1px solid var(--line);border-radius:5px;padding:3px 6px;
    margin-inline-start:8px}
  :focus-visible:not(h2){outline:3px solid var(--accent);outline-offset:2px}
  .choice:focus-within:has(:focus-visible){outline:3px solid var(--accent);outline-offset:2px}
  .choice :focus-visible{outline:0}
  [aria-busy=true] button:not(.close){opacity:.55;cursor:progress}
  .hidden{position:absolute;inline-size:1px;block-size:1px;overflow:hidden;clip-path:inset(50%)}
  @media(hover:none){kbd{display:none}}
  @media(max-width:34rem){
    dialog{inline-size:100%;max-inline-size:none;margin:auto 0 0;border-end-start-radius:0;border-end-end-radius:0}
    main{padding:24px 20px 0}
    footer{margin-inline:-20px;padding:12px 20px calc(12px + env(safe-area-inset-bottom))}
    footer button{flex:1 1 auto;padding-inline:12px}.now{flex-basis:100%;margin:0}}
  @media(prefers-reduced-motion:no-preference){
    dialog[open]{animation:rise .2s ease-out}dialog::backdrop{animation:fade .2s ease-out}}
  @keyframes rise{from{opacity:0;transform:translateY(12px)}}
  @keyframes fade{from{opacity:0}}
  @media(forced-colors:active){.choice:has(:checked){outline:2px solid Highlight}}`;

  const attempt = (act) => { try { return act(); } catch (error) { console.warn("Holdfast:", error); } };
  const pause = (ms) => new Promise((done) => setTimeout(done, ms));
  const newId = () => [...crypto.getRandomValues(new Uint32Array(4))].map((part) => part.toString(16).padStart(8, "0")).join("");

  /** An element. `text` is only ever text, whoever wrote it. */
  const make = (tag, attributes, ...inside) => {
    const element = document.createElement(tag);
    for (const [name, value] of Object.entries(attributes || {})) {
      if (typeof value === "function") element[name] = value;
      else if (value !== undefined && value !== false) element.setAttribute(name, value === true ? "" : value);
    }
    element.append(...inside.filter((one) => one !== undefined && one !== null && one !== ""));
    return element;
  };

  /** An address that a link may have: of the web, nothing that runs. */
  const address = (given) => {
    const found = given && attempt(() => new URL(given, document.baseURI));
    return found && /^https?:$/.test(found.protocol) ? found.href : "";
  };

  /** POST until it is answered, under one Idempotency-Key, so that whatever got lost is done once. */
  const post = async (url, body, id) => {
    for (let turn = 1; ; turn++) {
      const stop = new AbortController(), timer = setTimeout(() => stop.abort(), PATIENCE);
      let wait = 400 * 3 ** (turn - 1), refusal;
      try {
        const headers = { "content-type": "application/json", "idempotency-key": id };
        const answer = await fetch(url, { method: "POST", body, headers, credentials: "omit", signal: stop.signal });
        if (answer.ok) return await answer.json();
        const asked = +answer.headers.get("Retry-After") * 1000 || 0;
        wait = Math.max(wait, asked);
        if ((answer.status < 500 && ![408, 425, 429].includes(answer.status)) || asked > PATIENCE) {
          const { error = {} } = await answer.json().catch(() => ({}));
          refusal = Object.assign(new Error(error.message || String(answer.status)), { code: error.code, status: answer.status });
        }
      } catch { /* no network, or too slow: the same again */ }
      clearTimeout(timer);
      if (refusal || turn === TRIES) throw refusal || new Error("Holdfast cannot be reached");
      await pause(wait);
    }
  };

  class Dialog {
    constructor(options) {
      this.options = options;
      this.words = { ...WORDS, ...options.strings };
      this.base = (options.base || new URL(script.src).origin).replace(/\/+$/, "");
      this.cancelUrl = address(options.cancelUrl);
      this.told = {}; // reason, followUp, comment: what the customer said so far
      this.ids = {}; // Idempotency-Keys by what is sent
      this.ended = new Promise((end) => { this.end = end; });
    }

    open() {
      const { theme, dir, lang } = this.options;
      const sheet = new CSSStyleSheet();
      sheet.replaceSync(CSS);
      this.host = make("holdfast-retention", { "data-theme": theme });
      const shadow = this.host.attachShadow({ mode: "open" });
      shadow.adoptedStyleSheets = [sheet];
      this.body = make("main");
      this.status = make("div", { role: "status", class: "hidden" });
      this.dialog = make("dialog", {
        "aria-labelledby": "title", "aria-describedby": "text", lang: lang || document.documentElement.lang || undefined,
        dir: dir || getComputedStyle(document.documentElement).direction,
        onclose: () => this.closed(),
        onkeydown: (event) => attempt(() => this.key(event)),
      }, this.body, this.status);
      shadow.append(this.dialog);
      document.body.append(this.host);
      this.dialog.showModal();
      this.show({ title: this.words.loading, buttons: [] });
      const away = [[this.words.elsewhere, () => location.assign(this.cancelUrl)]];
      setTimeout(() => {
        if (this.isStarting && this.cancelUrl && this.dialog.open) this.show({ title: this.words.loading, buttons: away });
      }, SLOW);
      this.start();
      return this.ended;
    }

    closed() {
      this.host.remove();
      current = undefined;
      this.end(this.outcome || null);
    }

    /** Tab stays inside; one key leads to the end from every step; Esc, as browsers have it, closes. */
    key(event) {
      const { key, shiftKey, ctrlKey, metaKey, altKey, target } = event;
      if (key === "Tab") {
        const all = [...this.dialog.querySelectorAll("button,a,input,textarea,select")];
        const active = this.host.shadowRoot.activeElement, first = all[0], last = all[all.length - 1];
        const isFirst = active === first || !all.includes(active) || (active.name && active.name === first.name);
        if (shiftKey ? isFirst : active === last) {
          event.preventDefault();
          (shiftKey ? last : all.find((one) => one.name === first.name && one.checked) || first).focus();
        }
      } else if (!event.repeat && !ctrlKey && !metaKey && !altKey && !/^(TEXTAREA|SELECT)$/.test(target.tagName)) {
        const short = this.words.cancelKey;
        if (short && (key.toLowerCase() === short || event.code === "Key" + short.toUpperCase()) && this.now) {
          event.preventDefault();
          this.now.click();
        }
      }
    }

    /** Draw a step: what is said, what is asked, and what can be done. To cancel is always among that. */
    show({ title, text, words, inside = [], buttons, isConfirm, note }) {
      this.busy = false;
      this.dialog.removeAttribute("aria-busy");
      this.status.textContent = "";
      this.note = make("p", { class: "note", role: "alert" }, note);
      const heading = make("h2", { id: "title", tabindex: -1, dir: "auto" }, title);
      const made = buttons.map(([label, act, kind]) => make("button", { type: "button", class: kind, onclick: (event) => this.act(act, event) }, label));
      this.now = isConfirm ? made[0] : undefined;
      if (!isConfirm && this.runId && !this.outcome) {
        const short = this.words.cancelKey;
        this.now = make("button", {
          type: "button", class: "now", onclick: (event) => this.act(() => this.confirm(), event), accesskey: short || undefined, "aria-keyshortcuts": short || undefined,
        }, this.words.cancelNow, short && make("kbd", { "aria-hidden": "true" }, short.toUpperCase()));
        made.push(this.now);
      }
      this.body.replaceChildren(
        heading,
        make("p", { id: "text", dir: "auto", hidden: !text }, text),
        ...(words ? [make("p", { class: "words", dir: "auto" }, words)] : []),
        ...inside, this.note,
        make("footer", {}, ...made),
        make("button", { type: "button", class: "close", "aria-label": this.words.close, onclick: () => this.dialog.close() }, "✕"),
      );
      this.dialog.scrollTop = 0;
      heading.focus();
    }

    /** Do what a button is for, once: until it is done nothing else happens, and a second click is not for what comes next. */
    async act(what, { detail }) {
      if (this.busy || detail > 1) return;
      this.busy = true;
      this.note.replaceChildren();
      this.dialog.setAttribute("aria-busy", "true");
      this.status.textContent = this.words.loading;
      try {
        await what();
      } catch (error) {
        console.warn("Holdfast:", error);
        this.note.append([409, 422].includes(error.status) ? error.message : this.words.trouble); // a refusal is in words
        if (this.cancelUrl) this.note.append(" ", make("a", { href: this.cancelUrl }, this.words.elsewhere));
      }
      this.busy = false;
      this.dialog.removeAttribute("aria-busy");
      this.status.textContent = "";
    }

    send(path, what) {
      const body = JSON.stringify(what);
      const id = (this.ids[path + body] = this.ids[path + body] || newId());
      return post(`${this.base}/api/retention/${path}?key=${encodeURIComponent(this.options.key)}`, body, id);
    }

    async start() {
      const { customerId, subscriptionId, customerToken } = this.options;
      this.isStarting = true;
      try {
        const run = await this.send("start", { customerId, subscriptionId, customerToken });
        this.isStarting = false;
        this.runId = run.runId;
        if (!/^\/api\//.test(run.cancelUrl)) this.cancelUrl = this.cancelUrl || address(run.cancelUrl); // that path is no page
        this.periodEnd = run.periodEnd;
        this.reasons = run.reasons || [];
        await this.go({ ...run, nextStep: run.step });
      } catch (error) {
        console.warn("Holdfast:", error);
        this.isStarting = false;
        if (!this.dialog.open) return;
        if (OVER.includes(error.code)) this.over(this.words.cancelled, error.message);
        else if (this.cancelUrl) location.assign(this.cancelUrl); // nobody is kept from cancelling because we are down
        else this.show({ title: this.words.trouble, buttons: [[this.words.again, () => this.start(), "main"]] });
      }
    }

    async decide(step, offerType, accepted) {
      const what = { offerType, accepted, ...(step && { step: step.number }), ...this.told, customerToken: this.options.customerToken };
      let answer = await this.send(`${this.runId}/decision`, what);
      for (let asked = 0; answer.pending && asked < ASKS; asked++) {
        await pause(Math.min(4000, 500 * 1.4 ** asked));
        this.ids = {}; // the same question, to be answered anew
        answer = await this.send(`${this.runId}/decision`, what);
      }
      this.go(answer);
    }

    go(answer) {
      const { outcome, pending, nextStep, message } = answer;
      if (outcome || pending || !nextStep) {
        this.outcome = outcome || (pending ? "PENDING" : "ABANDONED");
        this.tell();
        const title = { SAVED: this.words.saved, CANCELLED: this.words.cancelled, PENDING: this.words.done }[this.outcome] || this.words.stayed;
        const text = message || (pending ? this.words.pending : outcome === "CANCELLED" ? this.until() : "");
        this.over(title, text);
      } else this.step(nextStep, message);
    }

    over(title, text) {
      this.show({ title, text, buttons: [[this.words.close, () => this.dialog.close(), "main"]] });
    }

    tell() {
      const detail = { outcome: this.outcome, runId: this.runId };
      attempt(() => this.options.onOutcome && this.options.onOutcome(detail));
      attempt(() => (this.options.from || document).dispatchEvent(new CustomEvent("holdfast:outcome", { bubbles: true, detail })));
    }

    until() {
      const date = attempt(() => this.periodEnd && new Intl.DateTimeFormat(this.dialog.lang || undefined, { dateStyle: "long" }).format(new Date(this.periodEnd)));
      return date ? this.words.until.replace("{date}", date) : "";
    }

    step(step, note) {
      this.shown = step;
      const { words } = this, { kind, title, text, offer } = step, type = step.offerType;
      if (kind === "survey") this.survey(step, note);
      else if (kind === "confirm") this.confirm(step, note);
      else if (kind === "message") {
        this.show({ title, text, note, buttons: [[words.proceed, () => this.decide(step, type, true), "main"]] });
      } else {
        this.show({
          title: title || words.offer, text, words: (offer && offer.words) || "", note,
          buttons: [
            [words[type] || words.proceed, () => this.decide(step, type, true), "main"],
            [words.decline, () => this.decide(step, type, false)],
          ],
        });
      }
    }

    survey(step, note) {
      const { words } = this, closer = make("div", { "aria-live": "polite" });
      const choose = (reason) => {
        const more = reason.followUps || [];
        this.told = { reason: reason.code };
        closer.replaceChildren(...(more.length ? [this.choices("closer", words.more, more, (one) => (this.told.followUp = one.code))] : []));
      };
      this.told = {};
      const comment = make("textarea", { rows: 2, maxlength: 2000, dir: "auto" });
      this.show({
        title: step.title || words.why, text: step.text, note,
        inside: [this.choices("reason", undefined, step.reasons, choose), closer, make("label", { class: "field" }, words.comment, comment)],
        buttons: [
          [words.proceed, async () => {
            if (!this.told.reason) return this.note.append(words.choose);
            const said = comment.value.trim();
            if (said) this.told.comment = said;
            return this.decide(step, "SURVEY", true);
          }, "main"],
          [words.skip, () => { this.told = {}; return this.decide(step, "SURVEY", false); }],
        ],
      });
    }

    choices(name, legend, all, choose) {
      const group = make("fieldset", legend ? {} : { "aria-labelledby": "title" }, legend && make("legend", {}, legend));
      group.append(...all.map((one) =>
        make("label", { class: "choice", dir: "auto" }, make("input", { type: "radio", name, onchange: () => choose(one) }), one.label)));
      return group;
    }

    /** The last question: of the flow, or because the customer wants to cancel now. */
    confirm(step, note) {
      const { words } = this, inside = [], reasons = (step && step.reasons) || [];
      if (reasons.length && !this.told.reason) {
        const select = make("select", { onchange: () => { this.told = select.value ? { reason: select.value } : {}; } },
          make("option", { value: "" }, "—"), ...reasons.map((one) => make("option", { value: one.code }, one.label)));
        inside.push(make("label", { class: "field" }, words.optional, select));
      }
      const leave = [words.cancel, () => this.decide(step, step ? "CONFIRM" : "CANCEL", true), "end"];
      const stay = step ? [words.keep, () => this.decide(step, "CONFIRM", false)] : [words.back, () => this.step(this.shown)];
      this.show({ title: (step && step.title) || words.confirm, text: (step && step.text) || this.until(), inside, note, isConfirm: true, buttons: [leave, stay] });
    }
  }

  let current;
  api.retention = (options) => ({
    /** Show the dialog; a promise of SAVED, CANCELLED, ABANDONED or PENDING, or null when it was closed before that. */
    open() {
      if (current) return current.ended;
      const isReady = options && options.key && options.customerId && options.subscriptionId;
      const dialog = isReady ? attempt(() => new Dialog(options)) : console.warn("Holdfast: give key, customerId and subscriptionId");
      const opened = dialog && attempt(() => ((current = dialog), dialog.open()));
      if (opened) return opened;
      current = undefined;
      if (dialog && dialog.host) dialog.host.remove();
      const elsewhere = address(options && options.cancelUrl);
      if (elsewhere) location.assign(elsewhere);
      return Promise.resolve(null);
    },
    close() { if (current) current.dialog.close(); },
  });

  document.addEventListener("click", (event) => attempt(() => {
    const from = event.target.closest && event.target.closest("[data-holdfast-cancel]");
    if (!from || event.defaultPrevented || event.button || event.ctrlKey || event.metaKey || event.shiftKey) return;
    event.preventDefault();
    api.retention({ cancelUrl: from.href, ...(script && script.dataset), ...from.dataset, from }).open();
  }));
})();

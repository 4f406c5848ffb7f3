// Drives one whole payment in headless Chromium against a running `cargo run`, without and with a decline, then its front page, and
// looks at every page on the way: no broken policy, no script, nothing that axe finds, no sideways scrolling at 320 pixels.
import { chromium } from 'playwright-core';
import { execFileSync } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { request } from 'node:http';
import { join } from 'node:path';

const [base, home] = process.argv.slice(2);
const axe = readFileSync(join(home, 'node_modules/axe-core/axe.min.js'), 'utf8');
let checks = 0;

function must(holds, sentence) {
  if (!holds) throw new Error(sentence);
  checks += 1;
}

async function json(path, options = {}) {
  const answer = await fetch(base + path, options);
  if (!answer.ok) throw new Error(`${path}: ${answer.status} ${await answer.text()}`);
  return answer.json();
}

const { api_key: key, gateway_url: gateway } = await json('/_local/info');
let count = 0;
const post = (path, body) =>
  json(path, {
    method: 'POST',
    headers: { authorization: `Bearer ${key}`, 'content-type': 'application/json', 'idempotency-key': `browser-${(count += 1)}` },
    body: JSON.stringify(body),
  });

const browser = await chromium.launch({
  executablePath: '/usr/bin/chromium',
  args: ['--no-sandbox', '--disable-gpu', '--disable-quic', '--no-first-run', '--disable-background-networking', '--disable-component-update', '--disable-sync'],
});

async function look(page, name) {
  must((await page.locator('script').count()) === 0 || page.url().includes('/c/pay/'), `${name} holds no script`);
  const sideways = await page.evaluate(() => document.documentElement.scrollWidth > document.documentElement.clientWidth);
  must(!sideways, `${name} scrolls sideways`);
  const found = await page.evaluate(`${axe}; axe.run().then((r) => r.violations.map((v) => v.id + ': ' + v.nodes.map((n) => n.html).join(' ')))`);
  must(found.length === 0, `${name}: ${found.join('\n')}`);
  await page.screenshot({ path: join(home, `${name}.png`), fullPage: true });
}

async function payOnce(width, colorScheme, javaScriptEnabled) {
  const label = `${width}-${colorScheme}${javaScriptEnabled ? '' : '-noscript'}`;
  const contact = await post('/v1/contacts', { name: 'Mary Shelley', emails: [{ address: 'mary@example.com' }] });
  const line = { name: 'Portrait', quantity: '1', unit_price: { amount: '150.00', currency: 'EUR' }, tax: { code: 'VAT', rate: '10' } };
  const invoice = await post('/v1/invoices', { contact_id: contact.id, lines: [line], send: true });
  const context = await browser.newContext({ viewport: { width, height: 900 }, colorScheme, javaScriptEnabled });
  const page = await context.newPage();
  const complaints = [];
  page.on('console', (message) => message.type() === 'error' && complaints.push(message.text()));
  page.on('pageerror', (error) => complaints.push(String(error)));
  const seen = async (name) => (javaScriptEnabled ? look(page, `${label}-${name}`) : undefined);
  await page.goto(invoice.links.invoice_url);
  await seen('invoice');
  await page.getByRole('link', { name: /pay/i }).first().click();
  await seen('pay');
  await page.getByRole('button', { name: /pay/i }).click();
  must(page.url().includes('/c/pay/'), `the button leads to the gateway, not to ${page.url()}`);
  const fill = async (number) => {
    await page.locator('[name=number]').fill(number);
    await page.locator('[name=exp]').fill('12/34');
    await page.locator('[name=cvc]').fill('123');
    await page.locator('form button').first().click();
  };
  await fill('4000000000000002');
  must((await page.getByRole('alert').count()) > 0, 'a declined card is said to be declined');
  await page.goBack();
  await fill('4242424242424242');
  must(page.url().includes('/return'), `after paying the customer is back, not at ${page.url()}`);
  await seen('return');
  const body = (await page.textContent('body')).replace(/\s+/g, ' ');
  must(/165\.00/.test(body) && /paid|received/i.test(body), `the page says that it is paid: ${body}`);
  await page.reload();
  await page.goto(invoice.links.pay_url);
  await seen('settled');
  must((await page.locator('form').count()) === 0, 'a paid invoice has nothing to press');
  must(complaints.length === 0, `the browser complains: ${complaints.join('\n')}`);
  const now = await json(`/v1/invoices/${invoice.id}`, { headers: { authorization: `Bearer ${key}` } });
  must(now.status.code === 'closed', `the invoice is ${now.status.code}`);
  await context.close();
}

async function frontPage(width, colorScheme, button, days) {
  const context = await browser.newContext({ viewport: { width, height: 900 }, colorScheme });
  const page = await context.newPage();
  page.setDefaultTimeout(120_000);
  const complaints = [];
  // A screenshot looks into the mail's frame, which lets no script run; the browser says so.
  const ofFrame = (text) => text.includes('Blocked script execution');
  page.on('console', (message) => message.type() === 'error' && !ofFrame(message.text()) && complaints.push(message.text()));
  page.on('pageerror', (error) => complaints.push(String(error)));
  const label = `${width}-${colorScheme}`;
  const follow = (way) => Promise.all([page.waitForEvent('load'), way.click()]);
  const shown = async () => Date.parse(await page.locator('time').getAttribute('datetime'));
  const mails = async () => (await json('/_local/messages')).length;
  await page.goto(base);
  await look(page, `${label}-front`);
  const before = { clock: await shown(), mails: await mails() };
  await follow(page.getByRole('button', { name: button, exact: true }));
  must(page.url() === `${base}/`, `the button leads back to the front page, not to ${page.url()}`);
  const moved = ((await shown()) - before.clock) / 86_400_000;
  must(moved >= days && moved < days + 0.1, `${button} moves the clock by ${moved} days`);
  const more = (await mails()) - before.mails;
  const told = await page.getByRole('status').textContent();
  must(told.includes(more === 0 ? 'no mail' : `${more} mail`), `${more} mails went out, and the page says: ${told}`);
  await look(page, `${label}-front-moved`);
  await follow(page.getByRole('region', { name: 'Invoices' }).getByRole('link', { name: /^INV-/ }).first());
  must(page.url().startsWith(`${base}/i/`), `an invoice's link leads to ${page.url()}`);
  must(/Invoice INV-/.test(await page.textContent('h1')), 'and opens its page');
  await page.goBack();
  await follow(page.getByRole('region', { name: 'Mailbox' }).getByRole('listitem').first().getByRole('link'));
  const mail = await fetch(base + (await page.locator('iframe').getAttribute('src')));
  must(mail.ok && /href=/.test(await mail.text()), 'a mail is shown as it was sent');
  await look(page, `${label}-mail`);
  await page.goto(`${base}/_local/`);
  must(page.url() === `${base}/`, 'the address of the mailbox of old leads to the front page');
  await page.goto(`${base}/_local/mailbox`);
  await look(page, `${label}-mailbox`);
  must(complaints.length === 0, `the browser complains: ${complaints.join('\n')}`);
  await context.close();
  return more;
}

async function commandsWork() {
  const page = await browser.newPage();
  await page.goto(base);
  const commands = (await page.locator('.commands code').allTextContents()).slice(1);
  await page.close();
  const [listed, made, moved] = commands.map((command) => JSON.parse(execFileSync('sh', ['-c', command], { stdio: 'pipe' })));
  must(listed.data.length > 3, 'the first command lists invoices');
  must(made.number?.startsWith('INV-') && made.status.code === 'open', `the second sends one: ${JSON.stringify(made)}`);
  must(Date.parse(moved.now) > Date.parse(made.sent_at) + 2.9 * 86_400_000, `the third moves the clock: ${JSON.stringify(moved)}`);
}

async function foreignersAreRefused() {
  const status = (address, method, headers) =>
    new Promise((done, failed) => request(address, { method, headers }, (answer) => done(answer.resume().statusCode)).on('error', failed).end());
  for (const door of [`${base}/`, `${base}/v1/invoices`, `${base}/_local/info`, `${gateway}/_sandbox`, `${gateway}/c/pay/cs_test_1`]) {
    must((await status(door, 'GET', { host: 'evil.example' })) === 403, `${door} answers under a foreign name`);
    must((await status(door, 'GET', {})) !== 403, `${door} does not answer under its own name`);
    for (const origin of ['https://evil.example', 'null']) {
      must((await status(door, 'POST', { origin })) === 403, `${door} takes a form from ${origin}`);
    }
  }
}

try {
  await foreignersAreRefused();
  await payOnce(320, 'light', true);
  await payOnce(1280, 'dark', true);
  await payOnce(1280, 'light', false);
  must((await frontPage(320, 'light', '+3 days', 3)) > 0, 'in three days a reminder is due');
  await frontPage(1280, 'dark', '+1 week', 7);
  await commandsWork();
} finally {
  await browser.close();
}
process.stdout.write(`${checks} passed, 0 failed\n`);

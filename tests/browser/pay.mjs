// Drives one whole payment in headless Chromium against a running `cargo run`, without and with a decline, and looks at every
// page on the way: no broken policy, no script, nothing that axe finds, no sideways scrolling at 320 pixels.
import { chromium } from 'playwright-core';
import { readFileSync } from 'node:fs';
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

const { api_key: key } = await json('/_local/info');
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

try {
  await payOnce(320, 'light', true);
  await payOnce(1280, 'dark', true);
  await payOnce(1280, 'light', false);
} finally {
  await browser.close();
}
process.stdout.write(`${checks} passed, 0 failed\n`);

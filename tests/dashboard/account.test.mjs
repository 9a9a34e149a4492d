// The account page: the password, where one is logged in, and the language.
// SPDX-License-Identifier: Apache-2.0
import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';
import { Client, startCroft } from '../support/croft.mjs';
import { Browser, logIn, picture } from './browser.mjs';

let croft;
let browser;
before(async () => {
  croft = await startCroft();
  browser = await Browser.start();
});
after(async () => {
  await browser?.stop();
  await croft?.stop();
});

const elsewhere = (client, agent) => new Client(croft.url).login(client.user.username, client.password, { 'User-Agent': agent });

test('a person sees where they are logged in, ends one session, and then all others', async () => {
  const ada = await croft.user();
  const [phone, script] = [await elsewhere(ada, 'Mozilla/5.0 (Android 15; Mobile; rv:140.0) Gecko/140.0 Firefox/140.0'), await elsewhere(ada, 'curl/8.5.0')];
  const page = await browser.visitAs(ada, '/');
  await page.getByRole('link', { name: ada.user.username }).click();
  await page.getByRole('heading', { name: 'Your account' }).waitFor();
  const rows = page.locator('.sessions li');
  await page.getByText('Firefox, Android').waitFor();
  assert.equal(await rows.count(), 4); // the client of this test is one, too
  assert.equal(await rows.filter({ hasText: 'this one' }).count(), 1);
  await picture(page, 'account');

  await rows.filter({ hasText: 'Firefox, Android' }).getByRole('button', { name: 'Log out' }).click();
  await page.getByText('Firefox, Android').waitFor({ state: 'detached' });
  await phone.refused(401, 'GET', '/api/v1/auth/me');
  await script.get('/api/v1/auth/me');

  await page.getByRole('button', { name: 'Log out everywhere else…' }).click();
  await page.getByRole('dialog').getByRole('button', { name: 'Log out everywhere else' }).click();
  await page.getByText('You are logged in nowhere else.').waitFor();
  await script.refused(401, 'GET', '/api/v1/auth/me');
  await page.goto(croft.url);
  await page.getByRole('heading', { name: 'No devices yet' }).waitFor();
});

test('a person changes the password; the old one and the other sessions are good for nothing', async () => {
  const ada = await croft.user();
  const page = await browser.visitAs(ada, '/account');
  const form = page.locator('form.card');
  const fill = async (current, fresh) => {
    await form.getByLabel('Present password').fill(current);
    await form.getByLabel('New password').fill(fresh);
    await form.getByRole('button', { name: 'Change password' }).click();
  };
  await fill('not my password', 'a much better secret');
  await form.getByText('is not your password').waitFor();
  await fill(ada.password, 'short');
  await form.locator('#error-password').waitFor();
  await fill(ada.password, 'a much better secret');
  await form.getByText('Changed. You are logged out everywhere else.').waitFor();
  assert.equal(await form.getByLabel('New password').inputValue(), '');
  await page.getByText('You are logged in nowhere else.').waitFor();
  await ada.refused(401, 'GET', '/api/v1/auth/me');
  await page.getByRole('button', { name: 'Log out' }).first().click();
  await logIn(page, ada.user.username, ada.password);
  await page.getByText('do not match').waitFor();
  await logIn(page, ada.user.username, 'a much better secret');
  await page.getByRole('heading', { name: 'No devices yet' }).waitFor();
});

test('the page speaks the browser’s language, and another when it is told', async () => {
  const ada = await croft.user();
  const page = await browser.visit(`${croft.url}/login`, { locale: 'fr-CA' });
  await page.getByRole('heading', { name: 'Connexion' }).waitFor();
  assert.equal(await page.evaluate(() => document.documentElement.lang), 'fr');
  await page.getByLabel('Nom d’utilisateur ou e-mail').fill(ada.user.username);
  await page.getByLabel('Mot de passe', { exact: true }).fill(ada.password);
  await page.getByRole('button', { name: 'Se connecter' }).click();
  await page.getByRole('heading', { name: 'Pas encore d’appareil' }).waitFor();
  await page.goto(`${croft.url}/account`);
  await page.getByRole('heading', { name: 'Votre compte' }).waitFor();
  await page.getByText('celle-ci').waitFor();
  await picture(page, 'account-french');
  await page.getByText('English', { exact: true }).click();
  await page.getByRole('heading', { name: 'Your account' }).waitFor();
  await page.goto(croft.url);
  await page.getByRole('heading', { name: 'No devices yet' }).waitFor();
});

import { until } from '../../src/test/process';
import { usePages } from './browser';
import { field, fillSignIn, fillSignUp, heading } from './people';

const { service, open, go, complaints } = usePages();

describe('the Content-Security-Policy', () => {
  it('lets no text become HTML or a script', async () => {
    const page = await open();
    await go(page, '/signin');
    await expect(page.evaluate("document.body.innerHTML = '<b>bold</b>'")).rejects.toThrow(/TrustedHTML/);
    const script = 'document.body.setAttribute("onclick", "document.title = 1")';
    await expect(page.evaluate(script)).rejects.toThrow(/TrustedScript/);
    await until(() => Promise.resolve(complaints.length > 1));
    expect(complaints.splice(0).join()).toMatch(/TrustedHTML.*TrustedScript/);
  });

  it('keeps a form whose script is not there yet from putting the password into the address', async () => {
    const page = await open();
    await page.route('**/assets/app-*', (route) => route.abort());
    await go(page, '/signin');
    await field(page, 'E-mail address').fill('ada@example.com');
    await field(page, 'Password').fill('a secret');
    await page.evaluate(() => {
      document.forms[0]?.requestSubmit();
    });
    await until(() => Promise.resolve(complaints.length > 0));
    expect(complaints.splice(0).join()).toMatch(/form-action/);
    expect(page.url()).toBe(`${service.url}/signin`);
  });
});

it('a page is shown after its HTML and its style, before the script has come', async () => {
  const page = await open();
  const requests: string[] = [];
  page.on('request', (request) => requests.push(new URL(request.url()).pathname));
  let release = (): void => undefined;
  const held = new Promise<void>((resolve) => {
    release = resolve;
  });
  await page.route(/\.(js|svg)$/, async (route) => {
    await held;
    await route.continue();
  });
  await page.goto(`${service.url}/signin`, { waitUntil: 'commit' });
  await page.waitForFunction(() => performance.getEntriesByName('first-contentful-paint').length === 1);
  const waited = requests.filter((path) => !/\.(js|svg)$/.test(path));
  expect(waited).toEqual(['/signin', expect.stringMatching(/^\/assets\/pages-\w+\.css$/)]);
  release();
  await page.getByRole('button', { name: 'Show' }).waitFor();
});

it('what a user has chosen is shown as text, to the user and to an admin', async () => {
  const name = '<img src=x onerror=alert(1)> "quoted" &amp;';
  const page = await open();
  await go(page, '/signup');
  await field(page, 'Name (optional)').fill(name);
  await fillSignUp(page, 'text@example.com');
  await heading(page, 'Your account');
  expect(await field(page, 'Name (optional)').inputValue()).toBe(name);
  await service.signedUpAdmin('admin@example.com');
  const admin = await open({
    userAgent: '<script>alert(2)</script>',
    extraHTTPHeaders: { 'X-Forwarded-For': '<b>1</b>' },
  });
  await go(admin, '/admin?email=text@');
  await admin.getByRole('link', { name: 'Sign in' }).click();
  await fillSignIn(admin, 'admin@example.com');
  await admin.getByText(name).waitFor();
  await admin.getByRole('link', { name: 'text@example.com' }).click();
  await heading(admin, 'text@example.com');
  await admin.getByText(name).waitFor();
  await go(admin, '/account');
  await admin.getByText('An unknown browser').first().waitFor();
  await admin.getByText('unknown network address').first().waitFor();
});

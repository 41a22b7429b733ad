/**
 * Shows what is known only after the page is published. Everything else is readable without this script. The script
 * skips parts that you removed from the page.
 */
const STATUS = '{{status}}';
const EVERY_MS = 1000;
/** The pause between two requests while a save is on its way to the edges. */
const SOON_MS = 200;
/** The pause between two requests while nobody answers. */
const LATER_MS = 3000;

/** Requests this page again, and returns what the header of the response says. */
async function ask() {
  const { headers, body } = await fetch(location.href, { cache: 'no-store' });
  await body?.cancel();
  const revision = Number(headers.get('skerry-revision')?.split('@')[1]);
  return { revision, cache: inWords(headers.get('cache-status') ?? '') };
}

/** Puts a field like `Skerry; hit; detail=memory` (RFC 9211) into words. */
function inWords(cacheStatus) {
  const kind = /;\s*hit/.test(cacheStatus) ? 'hit' : 'miss';
  const place = /detail=(\w+)/.exec(cacheStatus)?.[1];
  return place === undefined ? kind : `${kind}, from ${place}`;
}

function write(element, text) {
  // A screen reader reads a live region aloud whenever its text is set.
  if (element !== null && element.textContent !== text) element.textContent = text;
}

function show(id, isShown) {
  document.getElementById(id)?.toggleAttribute('hidden', !isShown);
}

function say(text) {
  write(document.getElementById('news'), text);
}

function showAnswer({ revision, cache }, edge) {
  const facts = { edge: edge?.name ?? location.host, region: edge?.region ?? 'unknown', revision, cache };
  for (const [name, fact] of Object.entries(facts))
    write(document.querySelector(`[data-fact=${name}]`), String(fact));
  show('answered', true);
}

function showEdge({ name, url, isOnline, revision }, save, isHere) {
  const card = document.querySelector(`[data-edge=${name}]`);
  if (card === null) return;
  const link = card.querySelector('a');
  link?.setAttribute('href', url);
  if (isHere) link?.setAttribute('aria-current', 'page');
  line(card, 'revision', revision === 0 ? 'no revision yet' : `revision ${revision}`);
  line(card, 'state', `${isOnline ? 'online' : 'offline'}${isHere ? ', you are here' : ''}`);
  const arrival = save?.arrivals.find(({ edge }) => edge === name);
  if (arrival !== undefined) line(card, 'arrival', arrivalText(arrival));
  card.classList.toggle('late', save !== null && revision < save.revision);
  card.classList.toggle('offline', !isOnline);
}

function arrivalText({ ms, bytes }) {
  return ms === null ? 'the last save is on its way' : `last save: ${inSeconds(ms)}, ${inBytes(bytes)}`;
}

/** Writes the line of this kind in a card, and adds the line if the card does not have it yet. */
function line(card, kind, text) {
  let found = card.querySelector(`.${kind}`);
  if (found === null) {
    found = document.createElement('p');
    found.className = kind;
    card.append(found);
  }
  write(found, text);
}

function newsOf({ revision, files, fileCount, fileBytes, arrivals }) {
  const what = fileCount === 1 ? files[0] : `${fileCount} files`;
  const saved = `You saved ${what} (${inBytes(fileBytes)}), which is revision ${revision}.`;
  const there = arrivals.filter(({ ms }) => ms !== null);
  if (there.length < arrivals.length) return `${saved} It is on ${there.length} of ${arrivals.length} edges.`;
  const slowest = Math.max(...there.map(({ ms }) => ms));
  const moved = there.reduce((sum, { bytes }) => sum + bytes, 0);
  return `${saved} All ${there.length} edges had it after ${inSeconds(slowest)}; ${inBytes(moved)} travelled in all.`;
}

/** A space at which no line breaks, so that a number stays with its unit. */
const SPACE = '\u00a0';

function inSeconds(ms) {
  return `${(ms / 1000).toFixed(2)}${SPACE}s`;
}

function inBytes(count) {
  if (count < 1000) return `${count}${SPACE}B`;
  return count < 1_000_000 ? `${(count / 1000).toFixed(1)}${SPACE}kB` : `${(count / 1_000_000).toFixed(1)}${SPACE}MB`;
}

/** Resolves as soon as the page is visible. */
async function looked() {
  while (document.hidden)
    await new Promise((resolve) => document.addEventListener('visibilitychange', resolve, { once: true }));
}

async function look(first) {
  const { edges, save, revision } = await (await fetch(STATUS, { cache: 'no-store' })).json();
  const here = edges.find(({ url }) => new URL(url).port === location.port);
  // An edge reports a revision only when it answers with that revision, so one reload brings the page up to date.
  if (here?.revision > first.revision && (await ask()).revision > first.revision) location.reload();
  showAnswer(first, here);
  for (const edge of edges) showEdge(edge, save, edge === here);
  show('measured', save !== null);
  say(save === null ? 'Change the headline and save the file: this page follows by itself.' : newsOf(save));
  const isSettled = edges.every((edge) => !edge.isOnline || edge.revision >= revision);
  return isSettled ? EVERY_MS : SOON_MS;
}

let first;
while (true) {
  let pause = LATER_MS;
  await looked();
  try {
    first ??= await ask();
    pause = await look(first);
  } catch {
    say('Nobody tells this page any more how the edges stand. Is npm start still running?');
  }
  await new Promise((resolve) => setTimeout(resolve, pause));
}

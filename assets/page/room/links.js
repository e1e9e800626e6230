// Links in a text. What was written stays as it was written.

// A run of what an address may consist of. It ends at white space, at quotes, and at brackets and ends
// of sentences of other scripts, which stand directly behind an address and are encoded inside of one.
const RUN = /(https?:\/\/(?:[!#-;=?-_a-{}~’]|(?![\p{Term}\p{Ps}\p{Pe}\p{Pi}\p{Pf}—―｜])[^\0-\x7f\s])+)/iu;

// A host as the browser resolves it. Punctuation can imitate another host, and of a host longer than
// 80 characters a reader sees only the beginning.
const HOST = /^([a-z\d]([a-z\d.-]{0,78}[a-z\d])?|\[[\da-f:]+\])$/;

/** Splits a text into strings and links, each with its target where that differs from the text. */
const linkify = (body) => body.split(RUN).flatMap((part, index) => (index % 2 ? splitRun(part) : part));

/** An address ends before a bracket without a partner in it, and before punctuation at its end. */
function splitRun(run) {
	const pairs = bracketPairs(run);
	const parts = [];
	const start = /https?:\/\//gi;
	let done = 0;
	for (let found; (found = start.exec(run)); start.lastIndex = done) {
		let end = found.index;
		while (end < run.length && (!'([{)]}'.includes(run[end]) || pairs[end] >= found.index)) end += 1;
		while ('.,:;!?…‥\'’*_~'.includes(run[end - 1])) end -= 1;
		parts.push(run.slice(done, found.index), ...link(run.slice(found.index, end)));
		done = end;
	}
	return [...parts, run.slice(done)];
}

/** Position to position of the partner. A closing bracket of the wrong kind leaves those before it alone. */
function bracketPairs(text) {
	const pairs = [];
	let open = [];
	for (let at = 0; at < text.length; at += 1) {
		const kind = ')]}'.indexOf(text[at]);
		if ('([{'.includes(text[at])) open.push(at);
		if (kind < 0) continue;
		const opening = open.pop();
		if (text[opening] === '([{'[kind]) [pairs[at], pairs[opening]] = [opening, at];
		else open = [];
	}
	return pairs;
}

/** The link to a written address; the text alone if it is none, or has user info or an unusual host. */
function link(written) {
	let url;
	try {
		url = new URL(written);
	} catch {
		return [written];
	}
	const { href, host, hostname, origin } = url;
	if (/^[^:]+:[\\/]+[^\\/?#]*@/.test(written) || !HOST.test(hostname)) return [written];
	const [, authority, path] = /^\w+:\/\/([^/?#]*)\/?(.*)/.exec(written);
	const showsPath = encoded(path) === encoded(href.slice(origin.length + 1)) && !/[\p{DI}\u2800]/u.test(path);
	const target = showsPath ? host : href;
	const anchor = el('a', { href, dir: 'ltr', target: '_blank', rel: 'noreferrer noopener nofollow' }, written);
	if (showsPath && authority.toLowerCase() === host) return [anchor];
	return [anchor, el('span.target', { dir: 'ltr' }, ` (${target})`)];
}

/** A path in which all is encoded that a browser may encode, and nothing twice. */
const encoded = (path) => encodeURI(path).replace(/%25/g, '%').replace(/'/g, '%27');

// Holds the page's own code against the known answers in tests/fixtures/sealed.json. Runs in a browser, behind
// the scripts in assets/page/seal, and returns what differs.

// Those of the room, which the page has; in the vectors nothing fades.
const rules = {};

const fromHex = (hex) => Uint8Array.from(hex.match(/../g) || [], (byte) => parseInt(byte, 16));
const toHex = (bytes) => Array.from(bytes, (byte) => byte.toString(16).padStart(2, '0')).join('');

/** Runs a task in which every key that is generated is one of the vectors. */
async function withKeys({ secrets }, who, task) {
	const prefixes = { X25519: '302e020100300506032b656e04220420', Ed25519: '302e020100300506032b657004220420' };
	const purposes = { X25519: 'ephemeral', Ed25519: 'signing' };
	const generateKey = crypto.subtle.generateKey;
	crypto.subtle.generateKey = async (name, extractable, usages) => {
		if (extractable) throw Error('a key that is extractable');
		const key = secrets[`${who} ${purposes[name]}`];
		const privateUsages = usages.filter((usage) => usage !== 'verify');
		const privateKey = await crypto.subtle.importKey('pkcs8', fromHex(prefixes[name] + key.secret), name, false, privateUsages);
		const publicUsages = usages.filter((usage) => usage === 'verify');
		return { privateKey, publicKey: await crypto.subtle.importKey('raw', fromHex(key.public), name, true, publicUsages) };
	};
	try {
		return await task();
	} finally {
		crypto.subtle.generateKey = generateKey;
	}
}

/** What the vectors say of an event; a newcomer's entry is written with its key in hex. */
function asShown(event) {
	const entry = ({ n, tag, name, key }) => ({ n, tag, name, key: toHex(key) });
	if (event.t === 'in') {
		const { n, tag, name } = event.you;
		return { t: 'in', n, tag, name, generation: event.generation, present: event.present.map(entry).sort((a, b) => a.n - b.n) };
	}
	return event.who ? { ...event, who: entry(event.who) } : event;
}

/** A participant who has received the first lines of a transcript, and what differed on the way. */
async function replay(vectors, who, count) {
	const ticket = vectors.ticket.link.slice(3);
	const guest = createGuest(ticket);
	const differences = [];
	const expect = (what, actual, expected) => {
		const keys = Object.keys(expected || {});
		const same = (one, other) => JSON.stringify(one) === JSON.stringify(other);
		const equal = Array.isArray(expected) || typeof expected === 'string' ? same(actual, expected) : keys.every((key) => same(actual[key], expected[key]));
		if (!equal) differences.push({ who, what, actual, expected });
	};
	const lines = vectors.transcripts[who].slice(0, count);
	const texts = vectors.transcripts[who].flatMap(({ shows = [] }) => shows);
	for (const [at, line] of lines.entries()) {
		const { out, in: received } = line;
		if (out?.t === 'knock') {
			const { door, noise } = await guest.knock();
			expect('knock', { t: 'knock', door, noise }, out);
		} else if (out?.t === 'join') {
			const sealed = await guest.request(vectors.transcripts[who][1].in.noise, who);
			expect('request', sealed, out.sealed);
		} else if (out?.t === 'say') {
			const { body } = texts.find(({ t, ref }) => t === 'said' && ref === out.ref);
			expect('box', (await guest.sealMessage(body)).box, out.body);
		} else if (received.t !== 'answer') {
			const shown = (await guest.receive(received)).map(asShown);
			// That a generation began is for the other client of the vectors: the page shows who came and who left.
			line.shows = line.shows.filter(({ t }) => t !== 'keys');
			expect('number of events', String(shown.length), String(line.shows.length));
			// Of a message, the guest gives the number; name and tag are in the entry.
			for (const [at, { name, tag, ...event }] of line.shows.entries()) {
				expect('event', shown[at] || {}, event.t === 'in' ? line.shows[at] : event);
			}
		}
	}
	return { guest, differences };
}

/** What becomes of a line, in the words of the vectors. */
async function outcome(guest, line, who) {
	try {
		if (line.t === 'answer') return await guest.request(line.noise, who);
		const shown = await guest.receive(line);
		if (!shown.length) return 'nothing';
		const [{ t, missing }] = shown;
		return { unreadable: 'not for you' }[t] || (missing ? `said, ${missing} missing` : t);
	} catch (error) {
		return error instanceof Violation ? 'betrayed' : `${error}`;
	}
}

async function runVectors(vectors) {
	const differences = [];
	for (const [who, lines] of Object.entries(vectors.transcripts)) {
		const replayed = await withKeys(vectors, who, () => replay(vectors, who, lines.length));
		differences.push(...replayed.differences);
	}
	for (const { name, who, after, line, must } of vectors.cases) {
		await withKeys(vectors, who, async () => {
			const { guest } = await replay(vectors, who, after + 1);
			const actual = await outcome(guest, line, who);
			if (actual !== must) differences.push({ case: name, actual, must });
		});
	}
	await withKeys(vectors, 'Bo', async () => {
		const { guest } = await replay(vectors, vectors.refusal.to, 3);
		const actual = JSON.stringify(await guest.refusal(vectors.refusal.sealed));
		if (actual !== vectors.refusal.plain) differences.push({ case: 'refusal', actual });
	});
	const secret = () => importSecret(fromHex(vectors.ticket.hex));
	for (const [name, length] of [['door', 16], ['psk', 32]]) {
		const actual = toHex(await deriveBytes(await secret(), label(name), length));
		if (actual !== vectors[name]) differences.push({ value: name, actual });
	}
	return { cases: vectors.cases.length, transcripts: Object.keys(vectors.transcripts).length, differences };
}

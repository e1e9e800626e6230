// One participant's side of a sealed room: the handshake, the generations, and the rules for what is received.
// It neither shows nor sends anything. It throws a Violation when serve or the provider altered what the host
// sent: then the session must end.

// Seconds by the host's clock for which a generation may be sealed with. The host makes a new one after ten
// minutes at the latest.
const SEAL_SECONDS = 900;
// Seconds after which a key is dropped: nothing that was sealed with it is in the room's ring any more, which
// has the events of ten minutes.
const KEY_SECONDS = SEAL_SECONDS + 600;
// Keys that are kept at most. Of a circle that changes every moment, older ones go sooner.
const MAX_GENERATIONS = 1000;

// What the server may say in clear.
const PLAIN = 'gap refused end rules cleared unmuted removed waiting'.split(' ');

class Violation extends Error {}

const violation = (text) => {
	throw new Violation(text + ' The tunnel provider or the server may be altering what is sent.');
};

function createGuest(ticket) {
	// Of the handshake, then of the Noise session.
	let handshake, sendKey, receiveKey;
	let signing, ownKey;
	// By number: {number, secret, boxKeys, seconds}; the newest is `newest`.
	const generations = new Map();
	let newest;
	// By number of a person: the entry of the newest generation.
	let circle = new Map();
	// By number: the counter of the latest box. It stays for people who left, so that nothing can be repeated.
	const counters = new Map();
	// Of these numbers, everything since they came was received: what is missing can be counted.
	const followed = new Set();
	let own;
	// The host's clock is ahead of this page's by so many seconds.
	let clockOffset = -Infinity;
	// Whether a generation is missing. Nothing is sealed until the return to the present.
	let isBehind = false;
	// The counter of the latest own box, and those of boxes that were not refused, oldest first.
	let lastCounter = 0,
		kept = [];

	const hostTime = () => performance.now() / 1000 + clockOffset;
	const hostKey = () => circle.get(HOST_NUMBER).key;

	/** The door, which lets this page knock, and the first message of the handshake. */
	async function knock() {
		const secret = await importSecret(fromBase64url(ticket));
		const [door, psk] = [await deriveBytes(secret, label('door'), 16), await deriveBytes(secret, label('psk'), 32)];
		signing = await subtle.generateKey('Ed25519', false, ['sign', 'verify']);
		ownKey = new Uint8Array(await subtle.exportKey('raw', signing.publicKey));
		handshake = await startHandshake(psk);
		return { door: toBase64url(door), noise: toBase64url(handshake.message) };
	}

	/** Checks that the answer is of the host that made the link. Returns the request to join. */
	async function request(noise, name) {
		const { finish } = handshake;
		handshake = null;
		try {
			const keys = await finish(fromBase64url(noise));
			const fingerprint = await deriveBytes(await importSecret(keys.staticKey), label('ticket'), 16);
			if (toBase64url(fingerprint) !== ticket) throw Error();
			({ sendKey, receiveKey } = keys);
		} catch {
			violation('The answer did not come from the host of this link.');
		}
		return toBase64url(await encrypt(sendKey, nonce(0), pad(concat(ownKey, utf8(name)))));
	}

	/** Why the host refused the request: {why, text, suggest}. */
	async function refusal(sealed) {
		try {
			return JSON.parse(fromUtf8(unpad(await decrypt(receiveKey, nonce(0), fromBase64url(sealed)))));
		} catch {
			violation('The answer did not come from the host of this link.');
		}
	}

	/** Reads the letter of a generation and the roster that belongs to it; throws unless all of it agrees. */
	async function acceptGeneration({ generation, letter, came, went }, before) {
		const bytes = await decrypt(receiveKey, nonce(generation), fromBase64url(letter));
		const seconds = readU32(bytes, 64);
		const secret = await importSecret(bytes.subarray(0, 32));
		const newcomers = await openRoster(secret, generation, came);
		const entries = new Map(before);
		for (const n of went) if (!entries.delete(n)) throw Error();
		for (const entry of newcomers) {
			if (entries.has(entry.n)) throw Error();
			entries.set(entry.n, entry);
		}
		const isSame = (one, other) => one.every((byte, at) => byte === other[at]);
		if (!isSame(await hashCircle(entries), bytes.subarray(32, 64))) throw Error();
		const me = [...entries.values()].find(({ key }) => isSame(key, ownKey));
		if (!me || (own && own.n !== me.n)) throw Error();
		own = me;
		circle = entries;
		newest = { number: generation, secret, seconds, boxKeys: new Map() };
		generations.set(generation, newest);
		clockOffset = Math.max(clockOffset, seconds - performance.now() / 1000);
		for (const old of generations.values()) {
			const isOver = generations.size > MAX_GENERATIONS || hostTime() > old.seconds + KEY_SECONDS;
			if (isOver && old !== newest) generations.delete(old.number);
		}
		return newcomers;
	}

	/** Of the first welcome, and of each return to the present. */
	async function welcome(event) {
		const { generation, letter, roster } = event;
		// Of one who goes on where the connection was cut.
		if (newest && !letter) return [event];
		try {
			if (newest && generation < newest.number) throw Error();
			await acceptGeneration({ generation, letter, came: roster, went: [] });
		} catch {
			violation('The list of people does not match what the host said.');
		}
		isBehind = false;
		followed.clear();
		return [{ ...event, t: 'in', you: own, present: [...circle.values()] }];
	}

	async function keys(event) {
		const { generation, letter, went } = event;
		if (generation <= newest.number) return [];
		if (generation > newest.number + 1 || !letter) return fallBehind();
		const before = circle;
		let newcomers;
		try {
			newcomers = await acceptGeneration(event, circle);
		} catch {
			violation('The list of people does not match what the host said.');
		}
		for (const { n } of newcomers) if (!counters.has(n)) followed.add(n);
		const joined = newcomers.map((who) => ({ t: 'joined', who }));
		const left = went.map((n) => ({ t: 'left', who: before.get(n) }));
		return [...joined, ...left];
	}

	function fallBehind() {
		isBehind = true;
		return [{ t: 'behind' }];
	}

	/** What is in a box: said, bad, repeat, unreadable or behind. Until it is said, nothing changes. */
	async function receiveBox(event) {
		const bad = (n, isUnsigned) => [{ ...event, t: 'bad', n, isUnsigned }];
		let box, head;
		try {
			box = fromBase64url(event.body);
			head = parseHead(box);
		} catch {
			return bad();
		}
		const { n, counter } = head;
		if (head.generation > newest.number) return fallBehind();
		const sender = circle.get(n);
		if (!sender) return bad();
		const generation = generations.get(head.generation);
		if (!generation) return [{ ...event, t: 'unreadable', n }];
		let opened;
		try {
			opened = await openBox({ box, generation, sender, hostKey: hostKey() });
		} catch (error) {
			return bad(n, error instanceof Unsigned);
		}
		const last = counters.get(n) || 0;
		if (counter <= last) return [{ ...event, t: 'repeat', n }];
		const missing = followed.has(n) ? Math.max(0, opened.previous - last) : 0;
		counters.set(n, counter);
		followed.add(n);
		return [{ ...event, ...opened, t: 'said', n, counter, missing, generation: head.generation }];
	}

	/** Seals a message. Returns {box, counter}, or nothing while it must not be sealed. */
	async function sealMessage(text) {
		if (!canSeal()) return;
		const [counter, previous] = [(lastCounter += 1), kept.slice(-1)[0] || 0];
		kept = [...kept.slice(-31), counter];
		const box = await sealBox({ generation: newest, sender: own, hostKey: hostKey(), signingKey: signing.privateKey, counter, previous, text });
		return { box: toBase64url(box), counter };
	}

	/** A box that was refused is not one that others can miss. */
	const forgetBox = (refused) => (kept = kept.filter((counter) => counter !== refused));
	const canSeal = () => !isBehind && hostTime() <= newest.seconds + SEAL_SECONDS;

	/**
	 * What an event of the server means. Of what it says in clear, only what it may decide is passed on: it
	 * cannot say who is here.
	 */
	function receive(event) {
		const reader = { keys, welcome, said: receiveBox, announced: receiveBox, moved: receiveBox }[event.t];
		// While messages fade, those that are missing may have.
		if (rules.fade || /gap|cleared/.test(event.t)) followed.clear();
		return reader ? reader(event) : PLAIN.includes(event.t) ? [event] : [];
	}
	return { knock, request, refusal, receive, sealMessage, forgetBox, canSeal };
}

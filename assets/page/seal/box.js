// Boxes: what is said. Each is sealed for the people of one generation, and signed by its sender.

const SIGNATURE_LENGTH = 64;
// The first byte of the content.
const MESSAGE = 1,
	ANNOUNCEMENT = 2,
	NEW_LINK = 3;

const signedBytes = (hostKey, head, content) => label('said', hostKey, head, content);

/** The key of the boxes of one person in one generation. */
const boxKey = ({ secret, boxKeys }, { key }) => {
	const name = toBase64url(key);
	if (!boxKeys.has(name)) boxKeys.set(name, deriveAesKey(secret, label('box', key)));
	return boxKeys.get(name);
};

/** Numbers in the head of a box; throws if it is shorter than any box. */
function parseHead(box) {
	if (box.length < HEAD_LENGTH + SIZES[0] + 16) throw Error();
	return { generation: readU32(box, 0), n: readU32(box, 4), counter: readU32(box, 8) };
}

/** The box opened, and is not signed by the person whose number it has. */
class Unsigned extends Error {}

async function sealBox({ generation, sender, hostKey, signingKey, counter, previous, text }) {
	const head = concat(u32(generation.number), u32(sender.n), u32(counter));
	const content = concat([MESSAGE], u32(previous), utf8(text));
	const signature = new Uint8Array(await subtle.sign('Ed25519', signingKey, signedBytes(hostKey, head, content)));
	return seal(await boxKey(generation, sender), head, concat(signature, content));
}

/** Opens and verifies a box; throws unless the person with this entry made it. */
async function openBox({ box, generation, sender, hostKey }) {
	const { n, counter } = parseHead(box);
	const opened = await open(await boxKey(generation, sender), box);
	const [signature, content] = [opened.subarray(0, SIGNATURE_LENGTH), opened.subarray(SIGNATURE_LENGTH)];
	const signed = signedBytes(hostKey, box.subarray(0, HEAD_LENGTH), content);
	sender.verifyKey ||= await subtle.importKey('raw', sender.key, 'Ed25519', true, ['verify']);
	const [kind, previous] = [content[0], readU32(content, 1)];
	const isKind = n === HOST_NUMBER ? kind === ANNOUNCEMENT || kind === NEW_LINK : kind === MESSAGE;
	if (!(await subtle.verify('Ed25519', sender.verifyKey, signature, signed))) throw new Unsigned();
	if (!isKind || previous >= counter) throw Error();
	return { kind, previous, body: fromUtf8(content.subarray(5)) };
}

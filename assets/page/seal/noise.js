// The handshake with the host: Noise_NXpsk0_25519_AESGCM_SHA256, as its initiator. Names and order are those
// of the Noise Protocol Framework, revision 34, section 5. <https://noiseprotocol.org/noise.html>

const NOISE_PROTOCOL = 'Noise_NXpsk0_25519_AESGCM_SHA256';
const X25519_LENGTH = 32;
/** The nonce of AES-GCM: 32 zero bits, and the number in 64. */
const nonce = (number) => concat(new Uint8Array(8), u32(number));

/** Derives `count` keys of 32 bytes from the chaining key and an input, which is overwritten. */
async function noiseHkdf(chainingKey, input, count) {
	const bits = await subtle.deriveBits(hkdf(new Uint8Array(), chainingKey), await importSecret(input), count * 256);
	return Array.from({ length: count }, (_, at) => new Uint8Array(bits, at * 32, 32));
}

async function importAesKey(bytes) {
	const key = await subtle.importKey('raw', bytes, 'AES-GCM', false, ['encrypt', 'decrypt']);
	bytes.fill(0);
	return key;
}

/** Starts a handshake. `psk` has 32 bytes; `message` is the first message. */
async function startHandshake(psk) {
	let chainingKey = utf8(NOISE_PROTOCOL);
	let hash = chainingKey;
	let key;
	const mixHash = async (bytes) => (hash = await sha256(hash, bytes));
	const mixKey = async (input) => {
		const [next, keyBytes] = await noiseHkdf(chainingKey, input, 2);
		chainingKey = next;
		key = await importAesKey(keyBytes);
	};
	// Each key of this pattern encrypts once, so the nonce is always 0.
	const decryptAndHash = async (bytes) => {
		const plain = await decrypt(key, nonce(0), bytes, hash);
		await mixHash(bytes);
		return plain;
	};
	await mixHash(protocol);
	const ephemeral = await subtle.generateKey('X25519', false, ['deriveBits']);
	const exchange = async (bytes) => {
		const name = 'X25519';
		const theirs = await subtle.importKey('raw', bytes, name, true, []);
		await mixKey(new Uint8Array(await subtle.deriveBits({ name, public: theirs }, ephemeral.privateKey, 256)));
	};
	// → psk, e
	const [next, hashInput, keyBytes] = await noiseHkdf(chainingKey, psk, 3);
	chainingKey = next;
	await mixHash(hashInput);
	key = await importAesKey(keyBytes);
	const own = new Uint8Array(await subtle.exportKey('raw', ephemeral.publicKey));
	await mixHash(own);
	await mixKey(own.slice());
	const tag = await encrypt(key, nonce(0), new Uint8Array(), hash);
	await mixHash(tag);

	/**
	 * Reads the second message: ← e, ee, s, es. Returns the host's static key, which the caller has to check,
	 * and the keys to send and to receive with. Throws if the message is not of this handshake.
	 */
	async function finish(bytes) {
		if (bytes.length !== 96) throw Error();
		const theirs = bytes.subarray(0, X25519_LENGTH);
		await mixHash(theirs);
		await mixKey(theirs.slice());
		await exchange(theirs);
		const staticKey = await decryptAndHash(bytes.subarray(X25519_LENGTH, 80));
		await exchange(staticKey);
		await decryptAndHash(bytes.subarray(80));
		const keys = await noiseHkdf(chainingKey, new Uint8Array(), 2);
		const [sendKey, receiveKey] = await Promise.all(keys.map(importAesKey));
		return { staticKey, sendKey, receiveKey };
	}
	return { message: concat(own, tag), finish };
}

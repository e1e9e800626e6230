// Keys. The browser keeps them where no script can read them: all are imported as not extractable, and
// bytes that were one are overwritten.

const HEAD_LENGTH = 12;
const protocol = utf8('chattrace-1');
const label = (text, ...more) => concat(protocol, utf8(' ' + text), ...more);
const sha256 = async (...parts) => new Uint8Array(await subtle.digest('SHA-256', concat(...parts)));
const hkdf = (info, salt = new Uint8Array()) => ({ name: 'HKDF', hash: 'SHA-256', salt, info });

/** Imports the input of HKDF (RFC 5869) and overwrites it. */
async function importSecret(bytes) {
	const key = await subtle.importKey('raw', bytes, 'HKDF', false, ['deriveBits', 'deriveKey']);
	bytes.fill(0);
	return key;
}

const deriveBytes = async (secret, info, length) => new Uint8Array(await subtle.deriveBits(hkdf(info), secret, length * 8));
const deriveAesKey = (secret, info) => subtle.deriveKey(hkdf(info), secret, { name: 'AES-GCM', length: 256 }, false, ['encrypt', 'decrypt']);

/** Encrypts with AES-256-GCM, without or with authenticated data. */
const encrypt = async (key, iv, bytes, additionalData = new Uint8Array()) =>
	new Uint8Array(await subtle.encrypt({ name: 'AES-GCM', iv, additionalData }, key, bytes));
const decrypt = async (key, iv, bytes, additionalData = new Uint8Array()) =>
	new Uint8Array(await subtle.decrypt({ name: 'AES-GCM', iv, additionalData }, key, bytes));

/** A head of 12 bytes in clear, which is the nonce, and the padded content behind it. */
const seal = async (key, head, content) => concat(head, await encrypt(key, head, pad(content)));

/** The content of what seal() made; throws if the key is another one, or one bit is. */
const open = async (key, sealed) => unpad(await decrypt(key, sealed.subarray(0, HEAD_LENGTH), sealed.subarray(HEAD_LENGTH)));

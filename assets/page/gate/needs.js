// What the browser must have for a sealed room. Without it, the page says what is missing and offers no form:
// a sealed room is never used in clear.

const BROWSERS = 'Chrome 137, Edge 137, Firefox 130, Safari 17 or newer have it.';

/** The sentences about what is missing; none if everything is there. */
async function missingFunctions() {
	if (!subtle)
		return ['This browser has no crypto.subtle here: browsers have it only on pages over https, and on this computer (127.0.0.1).', 'Open the link that begins with https://, or ask the host for one.'];
	for (const [name, usages] of [['X25519', ['deriveBits']], ['Ed25519', ['sign', 'verify']]]) {
		try {
			await subtle.generateKey(name, false, usages);
		} catch {
			return [`This browser has no ${name}, with which people in a sealed room ${name === 'Ed25519' ? 'sign what they say' : 'agree on a key'}. ${BROWSERS}`, 'Open the link in another browser, or ask the host for an open room (chattrace --open), which others can read.'];
		}
	}
	return [];
}

async function openGate(paragraph) {
	const missing = await missingFunctions();
	if (missing.length) paragraph.replaceWith(...missing.map((text) => el('p', { role: 'alert' }, text)));
	else showForm(paragraph);
}

// Another link to the same host changes nothing but the fragment, which loads no page.
addEventListener('hashchange', () => location.reload());

// Elements are built from text only: nothing that a participant wrote is ever parsed as markup.

/** Builds an element; `spec` is "tag" or "tag.class". Strings among the children become text. */
function el(spec, props, ...children) {
	const [tag, className] = spec.split('.');
	const element = document.createElement(tag);
	if (className) element.className = className;
	for (const key in props) {
		if (key in element) element[key] = props[key];
		else element.setAttribute(key, props[key]);
	}
	element.append(...children);
	return element;
}

// Splits a text into strings and links. A link shows the address it leads to, in ASCII and from left
// to right.
function linkify(body) {
	return body.split(/(https?:\/\/[^\s<>"]*[^\s<>"'.,;:!?)\]])/i).map((part, index) => {
		if (index % 2 === 0 || !URL.canParse(part)) return part;
		const { href, hostname } = new URL(part);
		// Stays text: user info and punctuation in a host can imitate another host, and of a host
		// longer than 80 characters a reader sees only the beginning.
		if (/^[^:]+:[\\/]+[^\\/?#]*@/.test(part) || !/^([a-z\d]([a-z\d.-]{0,78}[a-z\d])?|\[[\da-f:]+\])$/.test(hostname)) return part;
		return el('a', { href, dir: 'ltr', target: '_blank', rel: 'noreferrer noopener nofollow' }, href);
	});
}

// For inputs whose text should not be sent to a spelling or writing service.
const privateInput = { autocomplete: 'off', spellcheck: false, writingsuggestions: 'false' };

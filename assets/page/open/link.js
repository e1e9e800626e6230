// The link of an open room: its ticket is in the path, and is sent in clear.

const LINK_PATH = '/t/';
const SEALED_LINK = /#1\.[\w-]{20}/;

/** A ticket that may be sent in clear: one of a sealed room never is. */
const usableTicket = (text) => (SEALED_LINK.test(decodeLink(text)) ? undefined : findTicket(text));

/** Why the link in a text is not used, if there is anything to say. */
const linkProblem = (text) =>
	SEALED_LINK.test(decodeLink(text)) ? 'That link is for a sealed room, but the room at this address is open. The link was not used; ask for a new one.' : '';

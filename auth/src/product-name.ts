/** What pages and mails call the service. */
export const productName = 'ticketing';

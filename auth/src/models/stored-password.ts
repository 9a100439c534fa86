/** The form of a password hash. JavaScript and MongoDB's $jsonSchema read it alike. */
export const storedPassword = /^[0-9a-f]{128}[.][0-9a-f]{16,64}([.]ln=[0-9]+,r=[0-9]+,p=[0-9]+)?$/;

// Run by mongosh beside mongod, as its startup probe: safe to repeat, and no success before there is a primary.
const { isWritablePrimary, setName } = db.hello();
if (!setName) rs.initiate({ _id: 'rs0', members: [{ _id: 0, host: 'auth-mongo-srv:27017' }] });
quit(isWritablePrimary ? 0 : 1);

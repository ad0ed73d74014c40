/** Imported first: nothing of this entry is to be trusted, so a production process does not get it. */
if (process.env.NODE_ENV === "production") throw new Error("@libs/auth-guard/testing is for tests alone");

export {};

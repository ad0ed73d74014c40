/** For `prisma migrate` and `prisma studio` where Prisma's own tools are wanted; the project itself needs neither. */
export default {
  schema: "prisma/schema.prisma",
  migrations: { path: "prisma/migrations" },
  datasource: { url: process.env.DATABASE_URL ?? "" },
};

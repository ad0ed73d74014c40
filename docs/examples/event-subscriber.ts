import { PrismaClient } from "@libs/database";
import { subscribeToEvents } from "@libs/keycloak-authV2/events";
import { createLogger, createMetricsRegistry } from "@libs/observability";

const { DATABASE_URL = "" } = process.env;

const prisma = new PrismaClient(); // reads DATABASE_URL
const logger = createLogger();
const metrics = createMetricsRegistry();

/** A person who is gone leaves no cart behind; who is disabled or back again keeps it. */
const subscriber = await subscribeToEvents({
  databaseUrl: DATABASE_URL,
  name: "carts",
  types: ["user.registered", "user.deleted"],
  handle: async (event) => {
    switch (event.type) {
      case "user.registered":
        // An event may come again: what is done for it must be harmless twice.
        logger.info({ userId: event.userId, via: event.payload.via }, "welcome");
        break;
      case "user.deleted":
        await prisma.cart.deleteMany({ where: { userId: event.userId } });
        break;
    }
  },
  logger,
  metrics,
});

process.once("SIGTERM", () => void subscriber.stop().then(() => prisma.$disconnect()));

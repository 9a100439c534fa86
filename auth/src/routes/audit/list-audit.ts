import type { RequestHandler } from 'express';
import { matchedData } from 'express-validator';
import { validateRequest } from '../../middlewares/validate-request';
import type { AuditQuery } from '../../models/audit-entry';
import type { Audit } from '../../services/audit/audit';
import { auditQuery } from '../fields';
import { presentAuditEntry } from '../present';

/** GET /api/users/audit: returns a page of the audit trail, the newest entries first. */
export const listAudit = (audit: Audit): RequestHandler[] => [
  ...auditQuery(),
  validateRequest,
  async (req, res) => {
    const { entries, nextCursor } = await audit.list(
      matchedData<Omit<AuditQuery, 'after'> & { cursor?: string }>(req, { locations: ['query'] }),
    );
    res.send({ events: entries.map(presentAuditEntry), nextCursor });
  },
];

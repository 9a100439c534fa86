/** The validators and indexes that version 1 of the schema made: a rollout begins with them. */
export const schemaVersion1 = {
  users: {
    rules: {
      bsonType: 'object',
      required: [
        'email',
        'password',
        'role',
        'emailVerified',
        'disabled',
        '_id',
        'createdAt',
        'updatedAt',
        'version',
      ],
      properties: {
        email: {
          bsonType: 'string',
          pattern: '^[!-?\\[-~]+@[!-?\\[-~]+$',
          maxLength: 254,
        },
        password: {
          bsonType: 'string',
          pattern: '^[0-9a-f]{128}[.][0-9a-f]{16,64}([.]ln=[0-9]+,r=[0-9]+,p=[0-9]+)?$',
        },
        name: {
          bsonType: ['string', 'null'],
          minLength: 1,
          maxLength: 200,
        },
        role: {
          bsonType: 'string',
          enum: ['user', 'admin'],
        },
        emailVerified: {
          bsonType: 'bool',
        },
        pendingEmail: {
          bsonType: ['string', 'null'],
          pattern: '^[!-?\\[-~]+@[!-?\\[-~]+$',
          maxLength: 254,
        },
        disabled: {
          bsonType: 'bool',
        },
        generation: {
          bsonType: ['number', 'null'],
        },
        stayed: {
          bsonType: ['number', 'null'],
        },
        _id: {
          bsonType: 'objectId',
        },
        createdAt: {
          bsonType: 'date',
        },
        updatedAt: {
          bsonType: 'date',
        },
        version: {
          bsonType: 'number',
          minimum: 0,
        },
      },
    },
    indexes: [
      {
        key: {
          email: 1,
        },
        unique: true,
      },
      {
        key: {
          role: 1,
          _id: 1,
        },
      },
    ],
  },
  sessions: {
    rules: {
      bsonType: 'object',
      required: ['_id', 'user', 'createdAt', 'lastUsedAt', 'expiresAt'],
      properties: {
        _id: {
          bsonType: 'string',
          minLength: 22,
        },
        user: {
          bsonType: 'objectId',
        },
        createdAt: {
          bsonType: 'date',
        },
        lastUsedAt: {
          bsonType: 'date',
        },
        expiresAt: {
          bsonType: 'date',
        },
        ip: {
          bsonType: ['string', 'null'],
          maxLength: 64,
        },
        userAgent: {
          bsonType: ['string', 'null'],
          maxLength: 256,
        },
        generation: {
          bsonType: ['number', 'null'],
        },
      },
    },
    indexes: [
      {
        key: {
          user: 1,
        },
      },
      {
        key: {
          expiresAt: 1,
        },
        expireAfterSeconds: 0,
      },
    ],
  },
  mails: {
    rules: {
      bsonType: 'object',
      required: ['kind', 'to', 'status', 'attempts', 'dueAt', 'createdAt', '_id'],
      properties: {
        kind: {
          bsonType: 'string',
          enum: [
            'verification',
            'signup',
            'password-reset',
            'password-choice',
            'password-changed',
            'email-change',
            'email-change-notice',
          ],
        },
        to: {
          bsonType: 'string',
          maxLength: 254,
        },
        user: {
          bsonType: ['objectId', 'null'],
        },
        newEmail: {
          bsonType: ['string', 'null'],
          maxLength: 254,
        },
        password: {
          bsonType: ['string', 'null'],
          pattern: '^[0-9a-f]{128}[.][0-9a-f]{16,64}([.]ln=[0-9]+,r=[0-9]+,p=[0-9]+)?$',
        },
        name: {
          bsonType: ['string', 'null'],
          minLength: 1,
          maxLength: 200,
        },
        status: {
          bsonType: 'string',
          enum: ['pending', 'sent', 'parked'],
        },
        attempts: {
          bsonType: 'number',
        },
        dueAt: {
          bsonType: 'date',
        },
        createdAt: {
          bsonType: 'date',
        },
        lastError: {
          bsonType: ['string', 'null'],
          maxLength: 300,
        },
        expiresAt: {
          bsonType: ['date', 'null'],
        },
        _id: {
          bsonType: 'objectId',
        },
      },
    },
    indexes: [
      {
        key: {
          status: 1,
          dueAt: 1,
        },
      },
      {
        key: {
          user: 1,
        },
      },
      {
        key: {
          expiresAt: 1,
        },
        expireAfterSeconds: 0,
      },
    ],
  },
  actiontokens: {
    rules: {
      bsonType: 'object',
      required: ['_id', 'purpose', 'email', 'expiresAt'],
      properties: {
        _id: {
          bsonType: 'string',
          pattern: '^[0-9a-f]{64}$',
        },
        purpose: {
          bsonType: 'string',
          enum: ['verification', 'signup', 'password-reset', 'email-change', 'email-change-undo'],
        },
        email: {
          bsonType: 'string',
          maxLength: 254,
        },
        user: {
          bsonType: ['objectId', 'null'],
        },
        password: {
          bsonType: ['string', 'null'],
          pattern: '^[0-9a-f]{128}[.][0-9a-f]{16,64}([.]ln=[0-9]+,r=[0-9]+,p=[0-9]+)?$',
        },
        name: {
          bsonType: ['string', 'null'],
          minLength: 1,
          maxLength: 200,
        },
        askedAt: {
          bsonType: ['date', 'null'],
        },
        expiresAt: {
          bsonType: 'date',
        },
      },
    },
    indexes: [
      {
        key: {
          user: 1,
        },
      },
      {
        key: {
          email: 1,
        },
      },
      {
        key: {
          expiresAt: 1,
        },
        expireAfterSeconds: 0,
      },
    ],
  },
} as const;

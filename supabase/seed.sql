-- The catalog of tollgate.config.ts, written from it: UPDATE_SEED=1 npx vitest run --project unit scripts/database
-- The Supabase CLI runs this after the migrations (db reset; db push --include-seed); npm run db:migrate does not need it.
select tollgate.save_catalog($catalog${
  "products": [
    {
      "product": "chatbots",
      "plans": [
        {
          "plan": "free",
          "name": "Free",
          "rank": 0,
          "cadence": "monthly",
          "per_quantity": false,
          "limits": [
            {
              "field": "messages_count",
              "kind": "counter",
              "limit": 100,
              "unit": "message"
            },
            {
              "field": "chatbots_count",
              "kind": "gauge",
              "limit": 1,
              "unit": "chatbot",
              "table": "tollgate.chatbots",
              "subject": "user_id"
            }
          ]
        },
        {
          "plan": "starter",
          "name": "Starter",
          "rank": 1,
          "cadence": "billing_period",
          "per_quantity": false,
          "limits": [
            {
              "field": "messages_count",
              "kind": "counter",
              "limit": 2000,
              "unit": "message"
            },
            {
              "field": "chatbots_count",
              "kind": "gauge",
              "limit": 3,
              "unit": "chatbot",
              "table": "tollgate.chatbots",
              "subject": "user_id"
            }
          ]
        },
        {
          "plan": "growth",
          "name": "Growth",
          "rank": 2,
          "cadence": "billing_period",
          "per_quantity": false,
          "limits": [
            {
              "field": "messages_count",
              "kind": "counter",
              "limit": 10000,
              "unit": "message"
            },
            {
              "field": "chatbots_count",
              "kind": "gauge",
              "limit": 10,
              "unit": "chatbot",
              "table": "tollgate.chatbots",
              "subject": "user_id"
            }
          ]
        },
        {
          "plan": "business",
          "name": "Business",
          "rank": 3,
          "cadence": "billing_period",
          "per_quantity": false,
          "limits": [
            {
              "field": "messages_count",
              "kind": "counter",
              "limit": 100000,
              "unit": "message"
            },
            {
              "field": "chatbots_count",
              "kind": "gauge",
              "limit": 999,
              "unit": "chatbot",
              "table": "tollgate.chatbots",
              "subject": "user_id"
            }
          ]
        }
      ]
    },
    {
      "product": "writer",
      "plans": [
        {
          "plan": "free",
          "name": "Free",
          "rank": 0,
          "cadence": "daily",
          "per_quantity": false,
          "limits": [
            {
              "field": "words_used",
              "kind": "counter",
              "limit": 500,
              "unit": "word"
            },
            {
              "field": "transformations_used",
              "kind": "counter",
              "limit": 10,
              "unit": "transformation"
            }
          ]
        },
        {
          "plan": "basic",
          "name": "Basic",
          "rank": 1,
          "cadence": "billing_period",
          "per_quantity": false,
          "limits": [
            {
              "field": "words_used",
              "kind": "counter",
              "limit": 5000,
              "unit": "word"
            },
            {
              "field": "transformations_used",
              "kind": "counter",
              "limit": 200,
              "unit": "transformation"
            }
          ]
        },
        {
          "plan": "plus",
          "name": "Plus",
          "rank": 2,
          "cadence": "billing_period",
          "per_quantity": false,
          "limits": [
            {
              "field": "words_used",
              "kind": "counter",
              "limit": 15000,
              "unit": "word"
            },
            {
              "field": "transformations_used",
              "kind": "counter",
              "limit": 600,
              "unit": "transformation"
            }
          ]
        },
        {
          "plan": "ultra",
          "name": "Ultra",
          "rank": 3,
          "cadence": "billing_period",
          "per_quantity": false,
          "limits": [
            {
              "field": "words_used",
              "kind": "counter",
              "limit": 35000,
              "unit": "word"
            },
            {
              "field": "transformations_used",
              "kind": "counter",
              "limit": 2000,
              "unit": "transformation"
            }
          ]
        }
      ]
    }
  ]
}$catalog$::jsonb);

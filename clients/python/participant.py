"""One participant of a chat, and whoever starts it, talking through an unmodified boto3.

boto3 opens no socket: what others say is read from the transcript. Commands come from standard input and answers go to
standard output, one JSON object a line: {"id","do",...} -> {"id","ok"} or {"id","error"}. Endpoint, region and
credentials come from the usual AWS_* environment.
"""

import json
import sys

import boto3
from botocore.exceptions import ClientError

connect = boto3.client("connect")
participant = boto3.client("connectparticipant")
state = {}


def start(command):
    answer = connect.start_chat_contact(**command["input"])
    return without_metadata(answer)


def create_participant(command):
    answer = without_metadata(connect.create_participant(**command["input"]))
    answer["ParticipantCredentials"] = {"ParticipantToken": answer["ParticipantCredentials"]["ParticipantToken"]}
    return answer


def open_connection(command):
    answer = participant.create_participant_connection(
        ParticipantToken=command["participantToken"], Type=["CONNECTION_CREDENTIALS"], ConnectParticipant=True
    )
    state["token"] = answer["ConnectionCredentials"]["ConnectionToken"]
    return {"connectSuccess": True}


def send(command):
    return without_metadata(
        participant.send_message(
            ConnectionToken=state["token"],
            Content=command["content"],
            ContentType=command.get("contentType", "text/plain"),
        )
    )


def event(command):
    content = {"Content": command["content"]} if command.get("content") else {}
    return without_metadata(
        participant.send_event(ConnectionToken=state["token"], ContentType=command["contentType"], **content)
    )


def transcript(command):
    names = {"maxResults": "MaxResults", "nextToken": "NextToken", "scanDirection": "ScanDirection", "sortOrder": "SortOrder"}
    given = {names[key]: value for key, value in command.items() if key in names}
    return without_metadata(participant.get_transcript(ConnectionToken=state["token"], **given))


def disconnect(_):
    return without_metadata(participant.disconnect_participant(ConnectionToken=state["token"]))


def without_metadata(answer):
    return {key: value for key, value in answer.items() if key != "ResponseMetadata"}


COMMANDS = {
    "start": start,
    "createParticipant": create_participant,
    "open": open_connection,
    "send": send,
    "event": event,
    "transcript": transcript,
    "disconnect": disconnect,
}

for line in sys.stdin:
    request = json.loads(line)
    try:
        result = {"id": request["id"], "ok": COMMANDS[request["do"]](request)}
    except ClientError as error:
        about = error.response["Error"]
        status = error.response["ResponseMetadata"]["HTTPStatusCode"]
        result = {
            "id": request["id"],
            "error": {"type": about["Code"], "message": about["Message"], "statusCode": status},
        }
    except Exception as error:  # whatever boto3 raises is the judge's to show
        result = {"id": request["id"], "error": {"type": type(error).__name__, "message": str(error)}}
    print(json.dumps(result), flush=True)

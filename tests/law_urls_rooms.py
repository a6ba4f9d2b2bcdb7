"""Rooms in the table of tests/law_urls.py; `{room…}` are ids of tests/law_rooms_world.py.

Who is in the course reads and writes; a guardian reads where the room lets them; teachers of the course and staff
moderate; whoever waits, has left or teaches elsewhere knows of nothing.
"""

# ruff: noqa: E501 - one row of the table is one line

#                                                           anon   student  classm. outsider guardian teacher colleag newcomer staff
ROOMS = """
GET  room-chat  {room}                                    | login  200      200     404      200      200     404     404      200
POST room-chat  {room}                                    | login  422      422     404      403      422     404     404      422
GET  room-messages  {room}                                | login  200      200     404      200      200     404     404      200
POST room-messages  {room}                                | login  422      422     404      403      422     404     404      422
POST room-read  {room}                                    | login  422      422     404      422      422     404     404      422
GET  room-message  {room} {room_message}                  | login  200      200     404      200      200     404     404      200
GET  room-message  {room} {room_hidden}                   | login  404      404     404      404      200     404     404      200
GET  room-message-edit  {room} {room_message}             | login  200      403     404      403      403     404     404      403
POST room-message-edit  {room} {room_message}             | login  422      403     404      403      403     404     404      403
GET  room-message-report  {room} {room_message}           | login  200      200     404      200      200     404     404      200
POST room-message-report  {room} {room_message}           | login  422      422     404      422      422     404     404      422
GET  room-message-hide  {room} {room_message}             | login  403      403     404      403      200     404     404      200
POST room-message-hide  {room} {room_message}             | login  403      403     404      403      422     404     404      422
GET  room-message-mute  {room} {room_message}             | login  403      403     404      403      200     404     404      200
POST room-message-mute  {room} {room_message}             | login  403      403     404      403      422     404     404      422
POST room-message-show  {room} {room_message}             | login  403      403     404      403      >room-moderation 404 404  >room-moderation
GET  room-questions  {room}                               | login  200      200     404      200      200     404     404      200
GET  room-ask  {room}                                     | login  200      200     404      403      200     404     404      200
POST room-ask  {room}                                     | login  422      422     404      403      422     404     404      422
GET  room-question  {room} {room_thread}                  | login  200      200     404      200      200     404     404      200
POST room-question  {room} {room_thread}                  | login  422      422     404      403      422     404     404      422
POST room-question-accept  {room} {room_thread}           | login  >room-question 403 404    403      >room-question 404 404   >room-question
POST room-question-follow  {room} {room_thread}           | login  >room-question >room-question 404 >room-question >room-question 404 404 >room-question
GET  room-announcements  {room}                           | login  200      200     404      200      200     404     404      200
POST room-announcements  {room}                           | login  403      403     404      403      422     404     404      422
GET  room-announcement-withdraw  {room} {room_news}       | login  403      403     404      403      200     404     404      200
POST room-announcement-withdraw  {room} {room_news}       | login  403      403     404      403      422     404     404      422
GET  room-moderation  {room}                              | login  403      403     404      403      200     404     404      200
POST room-mute-lift  {room} {room_mute}                   | login  404      404     403      404      >room-moderation 404 404  >room-moderation
GET  room-settings  {room}                                | login  403      403     404      404      200     404     404      200
POST room-settings  {room}                                | login  403      403     404      404      422     404     404      422
"""

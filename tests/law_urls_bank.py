"""The question bank in the table of tests/law_urls.py."""

# ruff: noqa: E501 - one row of the table is one line

# Questions: students and guardians have no bank; verified teachers and staff have all of it, a newcomer their own.
# {question} is in use, {reviewed} is the newcomer's and in review.
BANK = """
GET  question-flag  {marking_question}                    | login  200      200     404      404      200     200     404      200
GET  question-flag  {live_question}                       | login  200      200     404      404      200     200     404      200
POST question-flag  {marking_question}                    | login  422      422     404      404      422     422     404      422
GET  bank-list                                            | login  403      403     403      403      200     200     200      200
POST bank-tags                                            | login  403      403     403      403      422     422     422      422
GET  bank-tags                                            | login  405      405     405      405      405     405     405      405
GET  bank-review                                          | login  403      403     403      403      >question-page >question-page >bank-list >question-page
GET  question-page  {question}                            | login  404      404     404      404      200     200     404      200
GET  question-page  {reviewed}                            | login  404      404     404      404      200     200     200      200
GET  question-new                                         | login  403      403     403      403      200     200     200      200
POST question-new                                         | login  403      403     403      403      422     422     422      422
GET  question-edit  {question}                            | login  404      404     404      404      200     200     404      200
GET  question-edit  {reviewed}                            | login  404      404     404      404      200     200     403      200
POST question-edit  {question}                            | login  404      404     404      404      422     422     404      422
POST question-move  {question}                            | login  404      404     404      404      422     422     404      422
GET  question-move  {question}                            | login  405      405     405      405      405     405     405      405
POST question-preview                                     | login  403      403     403      403      200     200     200      200
POST question-picture                                     | login  403      403     403      403      422     422     422      422
GET  question-drafts                                      | login  403      403     403      403      200     200     200      200
GET  question-draft  {nobody}                             | login  405      405     405      405      405     405     405      405
POST question-draft  {nobody}                             | login  403      403     403      403      200     200     200      200
POST question-draft-discard  {nobody}                     | login  403      403     403      403      404     404     404      404
GET  question-import                                      | login  403      403     403      403      200     200     200      200
POST question-import                                      | login  403      403     403      403      422     422     422      422
GET  question-import-page  {nobody}                       | login  403      403     403      403      404     404     404      404
GET  question-import-page  {question_import}              | login  403      403     403      403      200     404     404      404
POST question-import-run  {question_import}               | login  403      403     403      403      422     404     404      404
POST question-import-run  {nobody}                        | login  403      403     403      403      404     404     404      404
POST question-import-place  {question_import}             | login  403      403     403      403      422     404     404      404
POST question-import-place  {nobody}                      | login  403      403     403      403      404     404     404      404
POST question-import-discard  {nobody}                    | login  403      403     403      403      404     404     404      404
GET  question-export                                      | login  403      403     403      403      200     200     200      200
GET  question-export-file                                 | login  403      403     403      403      422     422     422      422
GET  question-template  csv                               | login  403      403     403      403      200     200     200      200
GET  question-template  xlsx                              | login  403      403     403      403      200     200     200      200
GET  scan-list  {open_exam}                               | login  403      403     404      404      200     403     404      200
POST scan-list  {open_exam}                               | login  403      403     404      404      422     403     404      422
GET  class-sheets-pdf  {open_exam}                        | login  403      403     404      404      422     403     404      422
GET  scan-page  {scan}                                    | login  404      404     404      404      200     404     404      200
GET  scan-page  {nobody}                                  | login  404      404     404      404      404     404     404      404
GET  scan-pages  {scan}                                   | login  404      404     404      404      200     404     404      200
GET  scan-file  {scan} {scan_file}                        | login  404      404     404      404      >file_download 404     404      >file_download
POST scan-again  {scan}                                   | login  404      404     404      404      >scan-page 404     404      >scan-page
POST scan-blank  {scan}                                   | login  404      404     404      404      >scan-page 404     404      >scan-page
POST scan-hand-in  {scan} {live}                          | login  404      404     404      404      404     404     404      404
GET  scan-fix  {scan}                                     | login  404      404     404      404      >scan-page-fix 404     404      >scan-page-fix
GET  scan-page-fix  {scan_waiting}                        | login  404      404     404      404      200     404     404      200
GET  scan-page-fix  {scan_discarded}                      | login  404      404     404      404      200     404     404      200
POST scan-page-place  {scan_waiting}                      | login  404      404     404      404      422     404     404      422
POST scan-page-discard  {scan_waiting}                    | login  404      404     404      404      422     404     404      422
POST scan-page-back  {scan_waiting}                       | login  404      404     404      404      >scan-page-fix 404     404      >scan-page-fix
GET  scan-page-image  {scan_waiting} page                 | login  404      404     404      404      >file_download 404     404      >file_download
GET  scan-page-image  {scan_waiting} original             | login  404      404     404      404      404     404     404      404
GET  picture  {picture} png                               | login  200      200     200      200      200     200     200      200
GET  picture  {picture} jpg                               | login  404      404     404      404      404     404     404      404
"""

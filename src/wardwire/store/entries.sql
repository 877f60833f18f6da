-- name: changed
-- What a search may show, as changed after a version and id, in that order, up to a version: ids only. What changes
-- beside a person, such as a pager, changes the person.
SELECT DISTINCT version, kind, id FROM (
    (SELECT version, 'person' AS kind, id FROM people
     WHERE (version, id) > ($1, $2) AND version <= $3 ORDER BY version, id LIMIT $4)
    UNION ALL
    (SELECT version, 'person', person_id FROM endpoints
     WHERE (version, person_id) > ($1, $2) AND version <= $3 ORDER BY version, person_id LIMIT $4)
    UNION ALL
    (SELECT version, 'role', id FROM roles
     WHERE (version, id) > ($1, $2) AND version <= $3 ORDER BY version, id LIMIT $4)
    UNION ALL
    (SELECT version, 'group', id FROM groups
     WHERE (version, id) > ($1, $2) AND version <= $3 ORDER BY version, id LIMIT $4)
    UNION ALL
    (SELECT version, 'place', id FROM places
     WHERE (version, id) > ($1, $2) AND version <= $3 ORDER BY version, id LIMIT $4)
    UNION ALL
    (SELECT version, 'place', id FROM areas
     WHERE (version, id) > ($1, $2) AND version <= $3 ORDER BY version, id LIMIT $4)
) AS changed
ORDER BY version, id LIMIT $4

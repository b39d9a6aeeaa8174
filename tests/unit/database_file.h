#ifndef EMERGENCYD_DATABASE_FILE_H
#define EMERGENCYD_DATABASE_FILE_H
/*
 * A place for one test's database: an empty directory, and its end with all that SQLite put there. What goes
 * wrong in here fails the test. One thread; between the two functions, a fixture.
 */

extern char database_path[96];

void database_begin(void);
void database_end(void);

#endif

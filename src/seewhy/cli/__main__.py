from seewhy.cli import main

main(prog_name="seewhy")

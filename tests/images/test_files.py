"""Files, folders and patterns become the photos that are meant."""

import pytest

from seewhy.errors import BadInput
from seewhy.images import expand


@pytest.fixture
def folder(tmp_path):
    for name in ("b.jpg", "a.PNG", "notes.txt", ".hidden.jpg", "deep/c.webp", "empty/notes.txt", "odd[1].jpg"):
        (tmp_path / name).parent.mkdir(exist_ok=True)
        (tmp_path / name).touch()
    return tmp_path


def names(paths, folder):
    return [str(path.relative_to(folder)) for path in paths]


def test_a_folder_is_the_photos_right_in_it_sorted(folder):
    assert names(expand([folder]), folder) == ["a.PNG", "b.jpg", "odd[1].jpg"]


def test_files_keep_their_order_and_come_once(folder):
    asked = [str(folder / "b.jpg"), str(folder / "a.PNG"), str(folder / "b.jpg")]
    assert names(expand(asked), folder) == ["b.jpg", "a.PNG"]


def test_a_pattern_is_the_files_that_match_sorted(folder):
    assert names(expand([str(folder / "[ab].*")]), folder) == ["a.PNG", "b.jpg"]
    assert names(expand([str(folder / "**" / "*.webp")]), folder) == ["deep/c.webp"]


def test_a_name_that_looks_like_a_pattern_is_a_file_where_it_exists(folder):
    assert names(expand([str(folder / "odd[1].jpg")]), folder) == ["odd[1].jpg"]


def test_a_pattern_without_a_match_is_refused(folder):
    with pytest.raises(BadInput, match="no file matches"):
        expand([str(folder / "*.gif")])


def test_a_pattern_that_matches_folders_only_is_refused(folder):
    with pytest.raises(BadInput, match="no file matches"):
        expand([str(folder / "dee*")])


def test_a_folder_without_photos_is_refused(folder):
    with pytest.raises(BadInput, match="no photos"):
        expand([str(folder / "empty")])


def test_a_missing_file_is_left_to_be_reported_on_its_own(folder):
    assert names(expand([str(folder / "none.jpg"), str(folder / "b.jpg")]), folder) == ["none.jpg", "b.jpg"]


def test_no_paths_are_no_photos():
    assert expand([]) == []

class Envseal < Formula
  desc "Encrypt the values of .env files to a public key and share them through git"
  homepage "@REPOSITORY@"
  version "@VERSION@"
  license any_of: ["MIT", "Apache-2.0"]

  on_macos do
    on_arm do
      url "@REPOSITORY@/releases/download/v@VERSION@/envseal-@VERSION@-aarch64-apple-darwin.tar.gz"
      sha256 "@SHA256 aarch64-apple-darwin@"
    end
    on_intel do
      url "@REPOSITORY@/releases/download/v@VERSION@/envseal-@VERSION@-x86_64-apple-darwin.tar.gz"
      sha256 "@SHA256 x86_64-apple-darwin@"
    end
  end

  on_linux do
    on_arm do
      url "@REPOSITORY@/releases/download/v@VERSION@/envseal-@VERSION@-aarch64-unknown-linux-musl.tar.gz"
      sha256 "@SHA256 aarch64-unknown-linux-musl@"
    end
    on_intel do
      url "@REPOSITORY@/releases/download/v@VERSION@/envseal-@VERSION@-x86_64-unknown-linux-musl.tar.gz"
      sha256 "@SHA256 x86_64-unknown-linux-musl@"
    end
  end

  def install
    bin.install "envseal"
    man1.install Dir["man/*.1"]
    bash_completion.install "completions/envseal.bash" => "envseal"
    zsh_completion.install "completions/_envseal"
    fish_completion.install "completions/envseal.fish"
    doc.install "THIRD-PARTY.txt", "sbom.cdx.json"
  end

  test do
    assert_equal "envseal #{version}\n", shell_output("#{bin}/envseal --version")
    system bin/"envseal", "set", "-q", "NAME=value"
    assert_equal "value\n", shell_output("#{bin}/envseal run -q -- sh -c 'echo \"$NAME\"'")
  end
end

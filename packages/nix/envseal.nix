# nix-build -E '(import <nixpkgs> { }).callPackage ./envseal.nix { }'
{ lib, stdenvNoCC, fetchurl, installShellFiles }:

let
  version = "@VERSION@";
  archives = {
    x86_64-linux = {
      target = "x86_64-unknown-linux-musl";
      hash = "@SRI x86_64-unknown-linux-musl@";
    };
    aarch64-linux = {
      target = "aarch64-unknown-linux-musl";
      hash = "@SRI aarch64-unknown-linux-musl@";
    };
    x86_64-darwin = {
      target = "x86_64-apple-darwin";
      hash = "@SRI x86_64-apple-darwin@";
    };
    aarch64-darwin = {
      target = "aarch64-apple-darwin";
      hash = "@SRI aarch64-apple-darwin@";
    };
  };
  system = stdenvNoCC.hostPlatform.system;
  archive = archives.${system} or (throw "envseal has no binary for ${system}");
in
stdenvNoCC.mkDerivation {
  pname = "envseal";
  inherit version;

  src = fetchurl {
    url = "@REPOSITORY@/releases/download/v${version}/envseal-${version}-${archive.target}.tar.gz";
    inherit (archive) hash;
  };

  nativeBuildInputs = [ installShellFiles ];
  dontConfigure = true;
  dontBuild = true;

  installPhase = ''
    runHook preInstall
    install -Dm755 envseal $out/bin/envseal
    install -Dm644 -t $out/share/doc/envseal THIRD-PARTY.txt sbom.cdx.json
    installManPage man/*.1
    installShellCompletion --bash --name envseal completions/envseal.bash
    installShellCompletion --zsh completions/_envseal
    installShellCompletion --fish completions/envseal.fish
    runHook postInstall
  '';

  meta = {
    description = "Encrypt the values of .env files to a public key and share them through git";
    homepage = "@REPOSITORY@";
    license = with lib.licenses; [ mit asl20 ];
    sourceProvenance = [ lib.sourceTypes.binaryNativeCode ];
    platforms = lib.attrNames archives;
    mainProgram = "envseal";
  };
}
